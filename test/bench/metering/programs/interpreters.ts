import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETJMP, stackOf } from '../../../../images/compile/c-feature.ts';
import { debianAbsence } from '../../../../images/debian-source.ts';
import { interpreterPath } from '../../../../images/interpreters.ts';
import { buildLua } from '../../../../images/lua.ts';
import type { BenchKitchen, BenchProgram } from '../bench-program.ts';
import { FOREIGN_FLAGS, filesOf, ownFiles, programOf } from '../source-files.ts';

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
