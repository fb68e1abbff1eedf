import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EngineError, messageOf } from '../base/engine-error.ts';

/**
 * The steps from one version of the schema to the next; `user_version` counts those that were
 * taken.
 */
const MIGRATIONS = [
  `CREATE TABLE containers (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     created_ns INTEGER NOT NULL,
     config TEXT NOT NULL,
     status TEXT NOT NULL,
     started_ns INTEGER,
     finished_ns INTEGER,
     host_pid INTEGER,
     exit_code INTEGER,
     error TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE images (
     id TEXT PRIMARY KEY,
     last_tagged_ns INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE image_tags (
     repository TEXT NOT NULL,
     tag TEXT NOT NULL,
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     PRIMARY KEY (repository, tag)
   ) STRICT, WITHOUT ROWID;`,
  // Limits came into `config` with this one, too: older records have none.
  `ALTER TABLE containers ADD COLUMN is_out_of_memory INTEGER;
   ALTER TABLE containers ADD COLUMN usage TEXT;`,
  // Images got manifests: those from before are taken over when the image store opens.
  `ALTER TABLE images RENAME TO unadopted_images;
   ALTER TABLE image_tags RENAME TO unadopted_tags;
   CREATE TABLE manifests (
     digest TEXT PRIMARY KEY,
     media_type TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     added_ns INTEGER NOT NULL,
     image_id TEXT,
     subject TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE manifest_contents (
     manifest_digest TEXT NOT NULL REFERENCES manifests (digest) ON DELETE CASCADE,
     digest TEXT NOT NULL,
     PRIMARY KEY (manifest_digest, digest)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE images (
     id TEXT PRIMARY KEY,
     last_tagged_ns INTEGER NOT NULL,
     manifest_digest TEXT NOT NULL REFERENCES manifests (digest),
     layers TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE image_tags (
     repository TEXT NOT NULL,
     tag TEXT NOT NULL,
     manifest_digest TEXT NOT NULL REFERENCES manifests (digest),
     image_id TEXT,
     PRIMARY KEY (repository, tag)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX image_tags_by_image ON image_tags (image_id);
   CREATE TABLE image_digests (
     repository TEXT NOT NULL,
     digest TEXT NOT NULL,
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     PRIMARY KEY (repository, digest)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX image_digests_by_image ON image_digests (image_id);`,
];

const DATABASE_FILE = 'wolffia.db';
/** Tells a second daemon whom it met. Not the lock: that is SQLite's. */
const PID_FILE = 'wolffiad.pid';

/**
 * Opens the engine's state and holds it alone: the exclusive lock is also the lock against a second
 * daemon. Commits are in the file when a statement returns, so that a killed daemon loses nothing;
 * a machine that loses power may lose the last moments (synchronous = NORMAL), never the file.
 *
 * # Errors
 * - failed-precondition: another daemon has the data root, or a newer one has written it
 */
export function openDatabase(dataRoot: string, pid: number): DatabaseSync {
  mkdirSync(dataRoot, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(dataRoot, DATABASE_FILE), { timeout: 0 });
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;',
    );
    migrate(database, dataRoot);
  } catch (thrown) {
    database.close();
    if (!isLocked(thrown)) throw thrown;
    throw new EngineError('failed-precondition', inUse(dataRoot), { cause: thrown });
  }
  writeFileSync(join(dataRoot, PID_FILE), `${pid}\n`, { mode: 0o600 });
  return database;
}

function isLocked(thrown: unknown): boolean {
  return messageOf(thrown).includes('database is locked');
}

function inUse(dataRoot: string): string {
  let holder = '';
  try {
    holder = ` (pid ${readFileSync(join(dataRoot, PID_FILE), 'utf8').trim()})`;
  } catch {
    // The other daemon is just starting, and has not told its pid yet.
  }
  return `data root ${dataRoot} is in use by another wolffiad${holder}`;
}

function migrate(database: DatabaseSync, dataRoot: string): void {
  database.exec('BEGIN IMMEDIATE');
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > MIGRATIONS.length) {
    throw new EngineError(
      'failed-precondition',
      `data root ${dataRoot} was written by a newer wolffiad (schema ${version}, this one knows ${MIGRATIONS.length})`,
    );
  }
  for (const step of MIGRATIONS.slice(version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
}
