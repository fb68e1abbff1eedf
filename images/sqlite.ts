import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillBase } from './base.ts';
import { stackOf } from './compile/c-feature.ts';
import { debianAbsence } from './debian-source.ts';
import { addLicences, addProgram } from './image-files.ts';
import type { Kitchen, Recipe } from './recipe.ts';
import { generateSources } from './sqlite/generated-sources.ts';

/** Tests, and what is for other systems. */
const LEFT_OUT = /^(test.*|tclsqlite|os_win|mutex_w32)\.c$/;
const FTS3_LEFT_OUT = /^fts3_(test|icu)\.c$/;

const FLAGS = [
  ...['-w', '-I/gen', '-I/src', '-I/ext/rtree', '-I/ext/fts3'],
  ...['-DSQLITE_CORE', '-DSQLITE_THREADSAFE=0', '-DSQLITE_OMIT_LOAD_EXTENSION'],
  ...['-DSQLITE_MAX_MMAP_SIZE=0', '-DNDEBUG'],
  ...['-DSQLITE_TEMP_STORE=2', '-DSQLITE_USE_URI=1'],
  ...['-DHAVE_USLEEP=1', '-DHAVE_FDATASYNC=1', '-DHAVE_GMTIME_R=1', '-DHAVE_LOCALTIME_R=1'],
  ...['-DHAVE_ISNAN=1', '-DHAVE_STDINT_H=1', '-DHAVE_INTTYPES_H=1'],
  ...['FTS3', 'FTS3_PARENTHESIS', 'FTS4', 'FTS5', 'RTREE', 'GEOPOLY', 'MATH_FUNCTIONS'].map(
    (name) => `-DSQLITE_ENABLE_${name}`,
  ),
  ...['DBSTAT_VTAB', 'DBPAGE_VTAB', 'STMTVTAB', 'COLUMN_METADATA'].map(
    (name) => `-DSQLITE_ENABLE_${name}`,
  ),
];

/**
 * Processes do not share memory here. SQLite then keeps the index of a write-ahead log in its own
 * memory when it locks the database for itself (PRAGMA locking_mode=EXCLUSIVE), and refuses WAL
 * otherwise.
 */
function withoutSharedMemory(path: string): Uint8Array {
  const source = readFileSync(path, 'utf8');
  const adapted = source.replace(/unixShmMap(?=\s+\/\* xShmMap method \*\/)/, '0');
  if (adapted === source) throw new Error('os_unix.c of SQLite is not as it was');
  return Buffer.from(adapted);
}

/** The shell with the library in it, compiled file by file. */
async function buildSqlite(kitchen: Kitchen): Promise<Uint8Array> {
  const { debianSource, compileProgram, library, progress } = kitchen;
  const folder = await debianSource('sqlite3');
  progress('Generating sources of sqlite3');
  const files = {
    ...(await generateSources(folder, kitchen)),
    '/src/os_unix.c': withoutSharedMemory(join(folder, 'src', 'os_unix.c')),
  };
  const sourcesIn = (path: string, leftOut: RegExp): string[] =>
    readdirSync(join(folder, path))
      .filter((name) => name.endsWith('.c') && !leftOut.test(name))
      .map((name) => `/${path}/${name}`);
  return compileProgram({
    name: 'sqlite3',
    sources: [
      ...['/gen/parse.c', '/gen/opcodes.c', '/gen/fts5.c', '/gen/shell.c'],
      ...sourcesIn('src', LEFT_OUT),
      ...sourcesIn('ext/fts3', FTS3_LEFT_OUT),
      ...['/ext/rtree/rtree.c', '/ext/misc/stmt.c'],
    ],
    files,
    mounts: { '/src': join(folder, 'src'), '/ext': join(folder, 'ext') },
    library,
    features: [stackOf(1_048_576)],
    flags: FLAGS,
  });
}

export const SQLITE: Recipe = {
  name: 'sqlite',
  summary: "SQLite's shell, with full-text search and R-trees",
  changes: [
    'ENTRYPOINT ["sqlite3"]',
    'WORKDIR /data',
    'LABEL org.opencontainers.image.version=3.46.1 org.opencontainers.image.licenses=blessing',
  ],
  absence: debianAbsence,
  build: async (rootDirectory, kitchen) => {
    await fillBase(rootDirectory, kitchen);
    await addProgram(rootDirectory, 'usr/bin/sqlite3', await buildSqlite(kitchen));
    const copyright = join(await kitchen.debianSource('sqlite3'), 'debian', 'copyright');
    await addLicences(rootDirectory, 'sqlite3', { copyright });
  },
};
