import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROCESS_CLOCKS, SETJMP, SIGNAL, stackOf } from '../../../../images/compile/c-feature.ts';
import { debianAbsence } from '../../../../images/debian-source.ts';
import { interpreterPath } from '../../../../images/interpreters.ts';
import type { BenchKitchen, BenchProgram } from '../bench-program.ts';
import { FOREIGN_FLAGS, filesOf, ownFiles, programOf } from '../source-files.ts';

async function buildLua(kitchen: BenchKitchen): Promise<Uint8Array> {
  const library = filesOf(join(await kitchen.debianSource('lua5.4'), 'src'), /\.[ch]$/);
  delete library['luac.c'];
  const shim = kitchen.repositoryPath('wasm/bench/interpreters/lua-shim.h');
  const files = {
    ...library,
    'lua-shim.h': readFileSync(shim),
    // Debian's build would write it.
    'lua5.4-deb-multiarch.h': Buffer.from('#define DEB_HOST_MULTIARCH "wasm32-wasi"\n'),
  };
  return kitchen.compileProgram(
    programOf('lua', files, {
      features: [SETJMP, SIGNAL, PROCESS_CLOCKS],
      flags: [...FOREIGN_FLAGS, '-include', '/src/lua-shim.h'],
    }),
  );
}

const QUICKJS_FILES = /^(quickjs|libregexp|libunicode|cutils|dtoa)\.c$|\.h$/;

async function buildQuickjs(kitchen: BenchKitchen): Promise<Uint8Array> {
  const folder = await kitchen.debianSource('quickjs');
  const version = readFileSync(join(folder, 'VERSION'), 'utf8').trim();
  const files = {
    ...filesOf(folder, QUICKJS_FILES),
    ...ownFiles('interpreters/quickjs-run.c', kitchen),
    'quickjs-shim.h': Buffer.from(
      '#include <stddef.h>\n#include <time.h>\nsize_t malloc_usable_size(void *);\n',
    ),
  };
  return kitchen.compileProgram(
    programOf('quickjs', files, {
      features: [SETJMP, stackOf(4_194_304)],
      flags: [
        ...[...FOREIGN_FLAGS, '-D_GNU_SOURCE', `-DCONFIG_VERSION="${version}"`],
        ...['-fwrapv', '-funsigned-char', '-include', '/src/quickjs-shim.h'],
      ],
    }),
  );
}

function script(file: string): Pick<BenchProgram, 'args' | 'files'> {
  return { args: [`/${file}`], files: { [`/${file}`]: `wasm/bench/scripts/${file}` } };
}

const lua = { group: 'interpreters', absence: debianAbsence, build: buildLua } as const;
const quickjs = { group: 'interpreters', absence: debianAbsence, build: buildQuickjs } as const;

export const INTERPRETERS: readonly BenchProgram[] = [
  { ...lua, name: 'lua-bodies', ...script('bodies.lua') },
  { ...lua, name: 'lua-tasks', ...script('tasks.lua') },
  { ...lua, name: 'lua-words', ...script('words.lua') },
  {
    name: 'php',
    group: 'interpreters',
    build: async (kitchen) => readFileSync(await interpreterPath('php', kitchen)),
    ...script('workload.php'),
    args: ['-q', '/workload.php'],
  },
  {
    name: 'python',
    group: 'interpreters',
    build: async (kitchen) => readFileSync(await interpreterPath('python', kitchen)),
    ...script('workload.py'),
    env: ['PYTHONHASHSEED=0', 'PYTHONDONTWRITEBYTECODE=1'],
  },
  { ...quickjs, name: 'quickjs-text', ...script('text.js') },
  { ...quickjs, name: 'quickjs-tree', ...script('tree.js') },
];
