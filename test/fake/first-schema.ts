/** The database as the first version made it; never to be changed. */
export const FIRST_SCHEMA = `
  CREATE TABLE containers (
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
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 1;`;
