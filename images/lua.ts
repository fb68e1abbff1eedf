import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROCESS_CLOCKS, SETJMP, SIGNAL } from './compile/c-feature.ts';
import { debianAbsence } from './debian-source.ts';
import { addBasics, addLicences, addProgram } from './image-files.ts';
import type { Kitchen, Recipe } from './recipe.ts';

/** Lua's interpreter; the benchmark uses it, too. */
export async function buildLua({ debianSource, compileProgram, sourcePath }: Kitchen) {
  const folder = join(await debianSource('lua5.4'), 'src');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c') && name !== 'luac.c');
  return compileProgram({
    name: 'lua',
    sources: sources.map((name) => `/src/${name}`),
    mounts: { '/src': folder },
    files: {
      '/gen/lua-shim.h': readFileSync(sourcePath('lua/lua-shim.h')),
      // Debian's build would write it.
      '/gen/lua5.4-deb-multiarch.h': Buffer.from('#define DEB_HOST_MULTIARCH "wasm32-wasi"\n'),
    },
    features: [SETJMP, SIGNAL, PROCESS_CLOCKS],
    flags: ['-w', '-I/gen', '-include', '/gen/lua-shim.h'],
  });
}

export const LUA: Recipe = {
  name: 'lua',
  summary: 'Lua 5.4',
  changes: [
    'ENTRYPOINT ["lua"]',
    'LABEL org.opencontainers.image.version=5.4.7 org.opencontainers.image.licenses=MIT',
  ],
  absence: debianAbsence,
  build: async (rootDirectory, kitchen) => {
    await addProgram(rootDirectory, 'usr/bin/lua5.4', await buildLua(kitchen), ['lua']);
    await addBasics(rootDirectory);
    const copyright = join(await kitchen.debianSource('lua5.4'), 'debian', 'copyright');
    await addLicences(rootDirectory, 'lua5.4', { copyright });
  },
};
