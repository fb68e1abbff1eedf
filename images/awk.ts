import { readdirSync } from 'node:fs';
import { stackOf } from './compile/c-feature.ts';
import type { FileContents } from './compile/compiler-files.ts';
import { runGenerator } from './generator.ts';
import type { Kitchen } from './recipe.ts';

const SOURCES = ['b', 'lex', 'lib', 'main', 'parse', 'run', 'tran'].map((name) => `/src/${name}.c`);
const GENERATED = ['/gen/awkgram.tab.c', '/gen/proctab.c'];
const STACK_BYTES = 1_048_576;

/** The awk of its inventors. */
export async function buildAwk(kitchen: Kitchen): Promise<Uint8Array> {
  const folder = await kitchen.debianSource('original-awk');
  return kitchen.compileProgram({
    name: 'awk',
    sources: [...SOURCES, ...GENERATED],
    mounts: { '/src': folder },
    files: await generate(folder, kitchen),
    library: kitchen.library,
    features: [stackOf(STACK_BYTES)],
    flags: ['-D_GNU_SOURCE', '-I/gen', '-I/src', '-w'],
  });
}

/** The parser, by Berkeley's yacc out of its own source package; and a table of its tokens. */
async function generate(folder: string, kitchen: Kitchen): Promise<FileContents> {
  const yacc = await kitchen.debianSource('byacc');
  // Both make parsers; this one is the plain one.
  const yaccSources = readdirSync(yacc).filter(
    (name) => name.endsWith('.c') && !['btyaccpar.c', 'skel2c.c'].includes(name),
  );
  const grammar = await runGenerator(kitchen, {
    name: 'yacc',
    sources: [...yaccSources.map((name) => `/yacc/${name}`), '/own/temporary-file.c'],
    mounts: { '/yacc': yacc, '/src': folder, '/own': kitchen.sourcePath('awk') },
    flags: ['-DMAXPATHLEN=4096'],
    args: ['-d', '-o', '/awkgram.tab.c', '/src/awkgram.y'],
  });
  const parser = Object.fromEntries(
    ['awkgram.tab.c', 'awkgram.tab.h'].map((name) => {
      const content = grammar.outputs[`/${name}`];
      if (!content) throw new Error(`yacc made no ${name}`);
      return [`/gen/${name}`, content] as const;
    }),
  );
  const table = await runGenerator(kitchen, {
    name: 'maketab',
    sources: ['/src/maketab.c'],
    mounts: { '/src': folder },
    files: parser,
    flags: ['-I/gen', '-I/src'],
    args: ['/gen/awkgram.tab.h'],
  });
  return { ...parser, '/gen/proctab.c': table.stdout };
}
