import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillBase } from './base.ts';
import { stackOf } from './compile/c-feature.ts';
import { debianAbsence } from './debian-source.ts';
import { addLicences, addProgram } from './image-files.ts';
import type { Kitchen, Recipe } from './recipe.ts';

const ENGINE = ['quickjs', 'libregexp', 'libunicode', 'cutils', 'dtoa', 'quickjs-libc'];

/** The interpreter, with its modules std and os, and its read-eval-print loop compiled in. */
async function buildQuickjs(kitchen: Kitchen): Promise<Uint8Array> {
  const folder = await kitchen.debianSource('quickjs');
  const version = readFileSync(join(folder, 'VERSION'), 'utf8').trim();
  const { library } = kitchen;
  const common = {
    mounts: { '/src': folder },
    files: { '/src/quickjs-libc.c': adaptedLibrary(join(folder, 'quickjs-libc.c')) },
    features: [stackOf(4_194_304)],
    flags: [
      ...[
        '-w',
        '-D_GNU_SOURCE',
        `-DCONFIG_VERSION="${version}"`,
        '-fwrapv',
        '-funsigned-char',
        '-include',
        'malloc.h',
      ],
    ],
  };
  const engine = ENGINE.map((name) => `/src/${name}.c`);
  // Where generators run there is no kernel for the library: what it has is left undefined, and
  // not called.
  const headersAlone = { flags: library.flags, linkFlags: ['-lsetjmp', '--allow-undefined'] };
  const compiler = await kitchen.compileProgram({
    ...common,
    name: 'qjsc',
    sources: [...engine, '/src/qjsc.c'],
    mounts: { ...common.mounts, ...library.mounts },
    features: [...common.features, headersAlone],
  });
  return kitchen.compileProgram({
    ...common,
    name: 'qjs',
    library,
    sources: [...engine, '/src/qjs.c', '/gen/repl.c'],
    files: { ...common.files, '/gen/repl.c': await compileLoop(compiler, folder, kitchen) },
    flags: [...common.flags, '-I/src'],
    linkFlags: ['-ldl'],
  });
}

/**
 * Workers would be threads, which programs of this C library do not have. Its child does nothing
 * between fork and exec that it could not do in the parent's memory.
 */
function adaptedLibrary(path: string): Uint8Array {
  const source = readFileSync(path, 'utf8');
  return Buffer.from(
    source.replace('#define USE_WORKER\n', '').replace('pid = fork();', 'pid = vfork();'),
  );
}

/** The loop is a script, which QuickJS's own compiler makes bytecode of. */
async function compileLoop(
  compiler: Uint8Array,
  folder: string,
  { toolchain }: Kitchen,
): Promise<Uint8Array> {
  const output = '/gen/repl.c';
  const { path } = await toolchain.make(
    {
      program: compiler,
      args: ['qjsc', '-s', '-c', '-o', output, '-m', '/src/repl.js'],
      mounts: { '/src': folder },
    },
    output,
  );
  return readFileSync(path);
}

export const QUICKJS: Recipe = {
  name: 'quickjs',
  summary: 'QuickJS, a JavaScript interpreter, with a shell',
  changes: [
    'ENTRYPOINT ["qjs"]',
    'LABEL org.opencontainers.image.version=2025-04-26 org.opencontainers.image.licenses=MIT',
  ],
  absence: debianAbsence,
  build: async (rootDirectory, kitchen) => {
    await fillBase(rootDirectory, kitchen);
    await addProgram(rootDirectory, 'usr/bin/qjs', await buildQuickjs(kitchen));
    const copyright = join(await kitchen.debianSource('quickjs'), 'LICENSE');
    await addLicences(rootDirectory, 'quickjs', { copyright });
  },
};
