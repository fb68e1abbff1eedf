import { join } from 'node:path';
import {
  GETPID,
  MMAN,
  PROCESS_CLOCKS,
  SIGNAL,
  stackOf,
} from '../../../../images/compile/c-feature.ts';
import { debianAbsence } from '../../../../images/debian-source.ts';
import type { BenchKitchen, BenchProgram } from '../bench-program.ts';
import { FOREIGN_FLAGS, filesOf, ownFiles, programOf } from '../source-files.ts';

// Libraries of C, each with a driver of ours that feeds it and prints a checksum.

async function buildZlib(kitchen: BenchKitchen): Promise<Uint8Array> {
  const library = filesOf(await kitchen.debianSource('zlib'), /^[a-z0-9]+\.[ch]$/);
  // Streams over files, which are not measured.
  for (const name of Object.keys(library)) {
    if (name.startsWith('gz') && name.endsWith('.c')) delete library[name];
  }
  const files = { ...library, ...ownFiles('applications/zlib-stream.c', kitchen) };
  return kitchen.compileProgram(programOf('zlib', files, { flags: FOREIGN_FLAGS }));
}

const BZIP2_FILES = /^(blocksort|huffman|crctable|randtable|compress|decompress|bzlib)\.c$|\.h$/;

async function buildBzip2(kitchen: BenchKitchen): Promise<Uint8Array> {
  const library = filesOf(await kitchen.debianSource('bzip2'), BZIP2_FILES);
  const files = { ...library, ...ownFiles('applications/bzip2-stream.c', kitchen) };
  const flags = [...FOREIGN_FLAGS, '-DBZ_NO_STDIO'];
  return kitchen.compileProgram(programOf('bzip2', files, { flags }));
}

async function buildCmark(kitchen: BenchKitchen): Promise<Uint8Array> {
  const library = filesOf(join(await kitchen.debianSource('cmark'), 'src'), /\.(c|h|inc)$/);
  delete library['main.c'];
  const files = {
    ...library,
    ...ownFiles('applications/markdown.c', kitchen),
    // What its build system would find out.
    'config.h': Buffer.from(
      '#include <stdbool.h>\n#define HAVE_STDBOOL_H\n#define HAVE___BUILTIN_EXPECT\n' +
        '#define HAVE___ATTRIBUTE__\n#define CMARK_ATTRIBUTE(list) __attribute__ (list)\n' +
        '#define CMARK_INLINE inline\n',
    ),
    'cmark_export.h': Buffer.from('#define CMARK_EXPORT\n#define CMARK_NO_EXPORT\n'),
    'cmark_version.h': Buffer.from('#define CMARK_VERSION 0\n#define CMARK_VERSION_STRING ""\n'),
  };
  return kitchen.compileProgram(programOf('cmark', files, { flags: FOREIGN_FLAGS }));
}

/** SQLite in its one-file form; Debian's source would need Tcl and a C compiler to make that. */
const SQLITE_PACKAGE = 'better-sqlite3';
const SQLITE_VERSION = '13.2.0';

async function buildSqlite(kitchen: BenchKitchen): Promise<Uint8Array> {
  const folder = await kitchen.npmPackage(SQLITE_PACKAGE, SQLITE_VERSION);
  const files = {
    ...filesOf(join(folder, 'deps', 'sqlite3'), /^sqlite3\.[ch]$/),
    ...ownFiles('applications/sqlite-orders.c', kitchen),
  };
  return kitchen.compileProgram(
    programOf('sqlite (a minute)', files, {
      features: [SIGNAL, GETPID, MMAN, PROCESS_CLOCKS, stackOf(1_048_576)],
      flags: [...FOREIGN_FLAGS, '-DSQLITE_THREADSAFE=0', '-DSQLITE_OMIT_LOAD_EXTENSION'],
    }),
  );
}

const debian = { group: 'applications', absence: debianAbsence } as const;

export const LIBRARIES: readonly BenchProgram[] = [
  { ...debian, name: 'bzip2-compress', build: buildBzip2, args: ['compress'] },
  { ...debian, name: 'bzip2-decompress', build: buildBzip2, args: ['decompress'] },
  { ...debian, name: 'cmark', build: buildCmark },
  { name: 'sqlite', group: 'applications', build: buildSqlite },
  { ...debian, name: 'zlib-compress', build: buildZlib, args: ['compress'] },
  { ...debian, name: 'zlib-decompress', build: buildZlib, args: ['decompress'] },
];
