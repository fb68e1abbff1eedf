import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fillBase } from './base.ts';
import { stackOf } from './compile/c-feature.ts';
import { debianAbsence } from './debian-source.ts';
import { addLicences, addProgram } from './image-files.ts';
import type { Kitchen, Recipe } from './recipe.ts';

async function buildLua({ debianSource, compileProgram, library }: Kitchen): Promise<Uint8Array> {
  const folder = join(await debianSource('lua5.4'), 'src');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c') && name !== 'luac.c');
  return compileProgram({
    name: 'lua',
    sources: sources.map((name) => `/src/${name}`),
    mounts: { '/src': folder },
    // Debian's build would write it.
    files: {
      '/gen/lua5.4-deb-multiarch.h': Buffer.from('#define DEB_HOST_MULTIARCH "wasm32-wasi"\n'),
    },
    library,
    features: [stackOf(1_048_576)],
    flags: ['-w', '-I/gen', '-DLUA_USE_POSIX'],
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
    await fillBase(rootDirectory, kitchen);
    await addProgram(rootDirectory, 'usr/bin/lua5.4', await buildLua(kitchen), ['lua']);
    const copyright = join(await kitchen.debianSource('lua5.4'), 'debian', 'copyright');
    await addLicences(rootDirectory, 'lua5.4', { copyright });
  },
};
