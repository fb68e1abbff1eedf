import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackOf } from '../compile/c-feature.ts';
import { buildProgram } from '../compile/c-program.ts';
import type { FileContents } from '../compile/compiler-files.ts';
import type { Toolchain } from '../compile/toolchain.ts';
import { numberOpcodes, opcodesHeader, opcodesSource, readOpcodes } from './opcodes.ts';

/**
 * What SQLite's own build generates, by the paths that the compiler finds it under. The generators
 * that are C programs (its parser generator, its hash of keywords) are compiled to WebAssembly and
 * run; those in Tcl are done over here.
 */
export async function generateSources(folder: string, toolchain: Toolchain): Promise<FileContents> {
  const generators = new Generators(folder, toolchain);
  const parser = await generators.parser('src/parse.y');
  const fts5Parser = await generators.parser('ext/fts5/fts5parse.y');
  const numbered = numberOpcodes(readOpcodes(textOf(join(folder, 'src', 'vdbe.c'))), parser.header);
  const texts = {
    'parse.c': parser.source,
    'parse.h': parser.header,
    'opcodes.h': opcodesHeader(numbered),
    'opcodes.c': opcodesSource(numbered),
    'keywordhash.h': await generators.keywords(),
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

class Generators {
  readonly #folder: string;
  readonly #toolchain: Toolchain;

  constructor(folder: string, toolchain: Toolchain) {
    this.#folder = folder;
    this.#toolchain = toolchain;
  }

  /** By lemon, which writes beside the grammar. */
  async parser(grammar: string): Promise<Parser> {
    const { outputs } = await this.#run('lemon', ['-S', '-T/tool/lempar.c', '/gen/grammar.y'], {
      '/gen/grammar.y': readFileSync(join(this.#folder, grammar)),
    });
    const text = (path: string): string => Buffer.from(outputs[path] ?? []).toString();
    return { source: text('/gen/grammar.c'), header: text('/gen/grammar.h') };
  }

  async keywords(): Promise<string> {
    return Buffer.from((await this.#run('mkkeywordhash', [], {})).stdout).toString();
  }

  async #run(name: string, args: readonly string[], files: FileContents) {
    const mounts = { '/tool': join(this.#folder, 'tool') };
    const generator = { name, sources: [`/tool/${name}.c`], mounts, flags: ['-w'] };
    const program = await buildProgram(
      { ...generator, features: [stackOf(GENERATOR_STACK_BYTES)] },
      this.#toolchain,
      () => {},
    );
    const result = await this.#toolchain.run({ program, args: [name, ...args], files, mounts });
    if (result.exitCode !== 0) throw new Error(`${name} failed:\n${result.stderr}`);
    return result;
  }
}

const GENERATOR_STACK_BYTES = 1_048_576;

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
