import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileContents } from '../compile/compiler-files.ts';
import { runGenerator } from '../generator.ts';
import type { Kitchen } from '../recipe.ts';
import { numberOpcodes, opcodesHeader, opcodesSource, readOpcodes } from './opcodes.ts';

/**
 * What SQLite's own build generates, by the paths that the compiler finds it under. The generators
 * that are C programs (its parser generator, its hash of keywords) are compiled to WebAssembly and
 * run; those in Tcl are done over here.
 */
export async function generateSources(folder: string, kitchen: Kitchen): Promise<FileContents> {
  const parser = await makeParser(folder, 'src/parse.y', kitchen);
  const fts5Parser = await makeParser(folder, 'ext/fts5/fts5parse.y', kitchen);
  const keywords = await runGenerator(kitchen, generatorOf(folder, 'mkkeywordhash'));
  const numbered = numberOpcodes(readOpcodes(textOf(join(folder, 'src', 'vdbe.c'))), parser.header);
  const texts = {
    'parse.c': parser.source,
    'parse.h': parser.header,
    'opcodes.h': opcodesHeader(numbered),
    'opcodes.c': opcodesSource(numbered),
    'keywordhash.h': Buffer.from(keywords.stdout).toString(),
    'sqlite3.h': publicHeader(folder),
    'fts5.h': textOf(join(folder, 'ext', 'fts5', 'fts5.h')),
    'fts5.c': fullTextSearch(folder, fts5Parser),
    'shell.c': shell(folder),
  };
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [`/gen/${name}`, Buffer.from(text)]),
  );
}

interface Parser {
  readonly source: string;
  readonly header: string;
}

/** By lemon, which writes beside the grammar. */
async function makeParser(folder: string, grammar: string, kitchen: Kitchen): Promise<Parser> {
  const { outputs } = await runGenerator(kitchen, {
    ...generatorOf(folder, 'lemon'),
    args: ['-S', '-T/tool/lempar.c', '/gen/grammar.y'],
    files: { '/gen/grammar.y': readFileSync(join(folder, grammar)) },
  });
  const text = (path: string): string => Buffer.from(outputs[path] ?? []).toString();
  return { source: text('/gen/grammar.c'), header: text('/gen/grammar.h') };
}

function generatorOf(folder: string, name: string) {
  return { name, sources: [`/tool/${name}.c`], mounts: { '/tool': join(folder, 'tool') } };
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The API: the core's header and those of extensions, with version and origin filled in. */
function publicHeader(folder: string): string {
  const version = textOf(join(folder, 'VERSION')).trim();
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const headers = [
    ['src', 'sqlite.h.in'],
    ['ext', 'rtree', 'sqlite3rtree.h'],
    ['ext', 'session', 'sqlite3session.h'],
    ['ext', 'fts5', 'fts5.h'],
  ];
  return (
    headers
      .map((parts) => textOf(join(folder, ...parts)))
      .join('\n')
      .replace(/^#include.*[<"]sqlite3\.h[>"].*$/gm, '')
      // It would leave out the write-ahead log, which works within a process.
      .replace('#if defined(__wasi__)', '#if 0')
      .replaceAll('--VERS--', version)
      .replaceAll('--VERSION-NUMBER--', String(major * 1_000_000 + minor * 1000 + patch))
      .replaceAll('--SOURCE-ID--', sourceId(folder))
  );
}

/** Date and digest of the version, as the manifest tells. */
function sourceId(folder: string): string {
  const date = /^D (\S+?)(\.\d+)?$/m.exec(textOf(join(folder, 'manifest')))?.[1] ?? '';
  return `${date.replace('T', ' ')} ${textOf(join(folder, 'manifest.uuid')).trim()}`;
}

const FTS5_PARTS = [
  ...['fts5_aux', 'fts5_buffer', 'fts5_config', 'fts5_expr', 'fts5_hash', 'fts5_index'],
  ...['fts5_main', 'fts5_storage', 'fts5_tokenize', 'fts5_unicode2', 'fts5_varint', 'fts5_vocab'],
];

/** Full-text search in one file: its parser's names would meet those of the core's parser. */
function fullTextSearch(folder: string, parser: Parser): string {
  const part = (name: string): string => textOf(join(folder, 'ext', 'fts5', name));
  const ownParser = parser.source
    .replaceAll('TOKEN', 'FTS5TOKEN')
    .replaceAll('yy', 'fts5yy')
    .replaceAll('YY', 'fts5YY');
  const parts = [
    ...[part('fts5.h'), part('fts5Int.h'), parser.header, ownParser],
    ...FTS5_PARTS.map((name) => part(`${name}.c`)),
  ];
  return parts
    .join('\n')
    .replace(/^#include.*fts5.*$/gm, '')
    .replaceAll('--FTS5-SOURCE-ID--', `fts5: ${sourceId(folder)}`);
}

/** The command-line shell with the extensions that it contains. */
function shell(folder: string): string {
  return textOf(join(folder, 'src', 'shell.c.in')).replace(/^INCLUDE (\S+)$/gm, (_, path) =>
    textOf(join(folder, 'src', path)).replace(/^# *include "(sqlite|test_windirent).*$/gm, ''),
  );
}
