import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackOf } from './compile/c-feature.ts';
import type { FileContents } from './compile/compiler-files.ts';
import { readFolder, runGenerator } from './generator.ts';
import type { Kitchen } from './recipe.ts';

/** In the order of dash's Makefile, by which it initialises its parts. */
const SOURCES = [
  ...['alias', 'arith_yacc', 'arith_yylex', 'cd', 'error', 'eval', 'exec', 'expand', 'histedit'],
  ...['input', 'jobs', 'mail', 'main', 'memalloc', 'miscbltin', 'mystring', 'options', 'parser'],
  ...['priv', 'redir', 'show', 'trap', 'output', 'bltin/printf', 'system', 'bltin/test'],
  ...['bltin/times', 'var'],
].map((name) => `/src/${name}.c`);

const GENERATED = ['builtins', 'init', 'nodes', 'signames', 'syntax'].map(
  (name) => `/gen/${name}.c`,
);

const FLAGS = ['-include', '/gen/config.h', '-DBSD=1', '-DSHELL', '-I/gen', '-I/src', '-w'];

/** Room for what a shell nests; the kernel copies it on fork. */
const STACK_BYTES = 262_144;

/** Debian's shell. It forks. */
export async function buildDash(kitchen: Kitchen): Promise<Uint8Array> {
  const folder = join(await kitchen.debianSource('dash'), 'src');
  const config = { '/gen/config.h': readFileSync(kitchen.sourcePath('dash/config.h')) };
  return kitchen.compileProgram({
    name: 'dash',
    sources: [...SOURCES, ...GENERATED],
    mounts: { '/src': folder },
    files: { ...config, ...(await generate(folder, config, kitchen)) },
    library: kitchen.library,
    forks: true,
    features: [stackOf(STACK_BYTES)],
    flags: FLAGS,
  });
}

/** What dash's Makefile generates: by shell scripts, and by programs in C. */
async function generate(
  folder: string,
  config: FileContents,
  kitchen: Kitchen,
): Promise<FileContents> {
  const mounts = { '/src': folder };
  const scripts = {
    ...runScript(join(folder, 'mktokens'), ['token.h', 'token_vars.h']),
    ...runScript(join(folder, 'mkbuiltins'), ['builtins.c', 'builtins.h'], {
      'builtins.def': await preprocessBuiltins(mounts, config, kitchen),
    }),
  };
  const generator = (name: string, args: readonly string[] = []) =>
    runGenerator(kitchen, {
      name,
      sources: [`/src/${name}.c`],
      mounts,
      files: { ...scripts, ...readFolder(folder, '/src') },
      flags: ['-I/gen', '-DBSD=1', '-DSHELL'],
      args,
    });
  const [syntax, nodes, signames, init] = await Promise.all([
    generator('mksyntax'),
    generator('mknodes', ['/src/nodetypes', '/src/nodes.c.pat']),
    generator('mksignames'),
    generator('mkinit', SOURCES),
  ]);
  const written = [syntax, nodes, signames, init].flatMap(({ outputs }) => Object.entries(outputs));
  const moved = written.map(([path, content]) => [`/gen${path}`, content] as const);
  return { ...scripts, ...Object.fromEntries(moved) };
}

async function preprocessBuiltins(
  mounts: Readonly<Record<string, string>>,
  files: FileContents,
  { toolchain }: Kitchen,
): Promise<Uint8Array> {
  const path = '/out/builtins.def';
  const args = ['clang', '--target=wasm32-wasip1', '-E', ...FLAGS, '-x', 'c', '-o', path];
  const made = await toolchain.make(
    { args: [...args, '/src/builtins.def.in'], mounts, files },
    path,
  );
  return readFileSync(made.path);
}

/**
 * Runs one of dash's scripts by the machine's own sh: where Debian's sources are, there are sh, sed
 * and awk. Answers what it wrote, under `/gen`.
 */
function runScript(
  script: string,
  outputs: readonly string[],
  inputs: FileContents = {},
): Record<string, Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), 'wolffia-dash-'));
  try {
    for (const [name, content] of Object.entries(inputs)) {
      writeFileSync(join(directory, name), content);
    }
    const { status, stderr } = spawnSync('sh', [script, ...Object.keys(inputs)], {
      cwd: directory,
      env: { ...process.env, LC_ALL: 'C', TMPDIR: directory },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`sh ${script} failed:\n${stderr}`);
    return Object.fromEntries(
      outputs.map((name) => [`/gen/${name}`, readFileSync(join(directory, name))]),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
