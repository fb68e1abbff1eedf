import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EngineError, messageOf } from '../base/engine-error.ts';

/** Raise with every change of the tables, and add the step that brings an older file there. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE container (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
  ) STRICT;
`;

/**
 * Opens the engine's database, and with it the data root: exclusive locking makes the file the lock against a second
 * daemon, which the system releases however the first one ended.
 *
 * # Errors
 * failed-precondition: another daemon has the data root; or a newer version wrote it
 */
export function openStateDatabase(dataRoot: string): DatabaseSync {
  mkdirSync(dataRoot, { recursive: true, mode: 0o700 });
  const path = join(dataRoot, 'wolffia.db');
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    migrate(database);
  } catch (thrown) {
    database.close();
    if (!/locked|busy/i.test(messageOf(thrown))) throw thrown;
    throw new EngineError(
      'failed-precondition',
      `the data root ${dataRoot} is in use by another wolffiad; stop it with 'wolffia system stop', or give another --data-root`,
      { cause: thrown },
    );
  }
  return database;
}

function migrate(database: DatabaseSync): void {
  // A write transaction also takes the lock for good.
  database.exec('BEGIN IMMEDIATE');
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
  if (typeof version !== 'number' || version > SCHEMA_VERSION) {
    throw new EngineError(
      'failed-precondition',
      `the data root was written by a newer version of wolffia (schema ${version}, this one knows ${SCHEMA_VERSION})`,
    );
  }
  if (version === 0) database.exec(SCHEMA);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  database.exec('COMMIT');
}
