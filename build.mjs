// Bundles the programs of src/main into dist/: one CommonJS file each, because that starts fastest.
//
//   node build.mjs            bundle all
//   node build.mjs --watch    bundle again whenever a source changes
//   node build.mjs --check    exit with 1 when dist/ is older than its sources
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const stampPath = join(dist, 'sources.sha256');

/** Program in src/main → file in dist/. */
const PROGRAMS = {
  cc: 'cc',
  cli: 'wolffia',
  daemon: 'wolffiad',
  cell: 'cell',
  compiler: 'compiler',
  images: 'images',
};

const stamp = hashOfSources();
const isFresh = existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp;

if (process.argv.includes('--check')) {
  process.exit(isFresh ? 0 : 1);
} else if (process.argv.includes('--watch')) {
  const { context } = await import('esbuild');
  await (await context(await options('info'))).watch();
} else if (!isFresh) {
  const { build } = await import('esbuild');
  await build(await options('warning'));
  writeFileSync(stampPath, stamp);
}

async function options(logLevel) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  mkdirSync(dist, { recursive: true });
  return {
    absWorkingDir: root,
    entryPoints: Object.entries(PROGRAMS).map(([program, out]) => ({
      in: `src/main/${program}.ts`,
      out,
    })),
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // The CLI runs on the system's Node; the others on the one that we bring, which is newer.
    target: 'node20',
    // Shorter files are parsed faster, and comments that are not ASCII would double them in memory.
    // Names stay, and lines are short, so that stacks can be read.
    minifyWhitespace: true,
    lineLimit: 120,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'eof',
    define: {
      WOLFFIA_VERSION: JSON.stringify(version),
      WOLFFIA_BUILD_TIME: JSON.stringify(new Date().toISOString()),
    },
    logLevel,
  };
}

/** Changes with every source that goes into a bundle. */
function hashOfSources() {
  const hash = createHash('sha256');
  const files = ['src', 'images'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  for (const file of [...files.sort(), 'build.mjs', 'package.json', 'package-lock.json']) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}
