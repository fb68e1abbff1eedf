import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, parseDigest } from '../spec/digest.ts';

/** Which images there are, and what they are called. */
export class ImageTable {
  readonly #database: DatabaseSync;
  readonly #insertImage: StatementSync;
  readonly #deleteImage: StatementSync;
  readonly #putTag: StatementSync;
  readonly #touchImage: StatementSync;
  readonly #deleteTag: StatementSync;
  readonly #tagTarget: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insertImage = database.prepare(
      'INSERT INTO images (id, last_tagged_ns) VALUES (?, 0) ON CONFLICT DO NOTHING',
    );
    this.#deleteImage = database.prepare('DELETE FROM images WHERE id = ?');
    this.#putTag = database.prepare(
      `INSERT INTO image_tags (repository, tag, image_id) VALUES (?, ?, ?)
       ON CONFLICT (repository, tag) DO UPDATE SET image_id = excluded.image_id`,
    );
    this.#touchImage = database.prepare('UPDATE images SET last_tagged_ns = ? WHERE id = ?');
    this.#deleteTag = database.prepare('DELETE FROM image_tags WHERE repository = ? AND tag = ?');
    this.#tagTarget = database.prepare(
      'SELECT image_id FROM image_tags WHERE repository = ? AND tag = ?',
    );
  }

  /** The ids with the time of the last tagging, in nanoseconds since the epoch. */
  ids(): ReadonlyMap<Digest, bigint> {
    const statement = this.#database.prepare('SELECT id, last_tagged_ns FROM images');
    statement.setReadBigInts(true);
    return new Map(
      statement
        .all()
        .map(({ id, last_tagged_ns: time }) => [
          digestOf(id),
          typeof time === 'bigint' ? time : 0n,
        ]),
    );
  }

  /** `repository` is the long form. */
  tagsOf(id: Digest): readonly { repository: string; tag: string }[] {
    const rows = this.#database
      .prepare('SELECT repository, tag FROM image_tags WHERE image_id = ? ORDER BY repository, tag')
      .all(id);
    return rows.map((row) => ({ repository: String(row['repository']), tag: String(row['tag']) }));
  }

  targetOf(repository: string, tag: string): Digest | undefined {
    const row = this.#tagTarget.get(repository, tag);
    return row && digestOf(row['image_id']);
  }

  /** Adds an image, and its name in the same step. Idempotent. */
  add(id: Digest, name: { repository: string; tag: string } | undefined, nowNs: bigint): void {
    this.#inTransaction(() => {
      this.#insertImage.run(id);
      if (!name) return;
      this.#putTag.run(name.repository, name.tag, id);
      this.#touchImage.run(nowNs, id);
    });
  }

  untag(repository: string, tag: string): void {
    this.#deleteTag.run(repository, tag);
  }

  /** Its names go with it. */
  delete(id: Digest): void {
    this.#deleteImage.run(id);
  }

  #inTransaction(act: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      act();
      this.#database.exec('COMMIT');
    } catch (thrown) {
      this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

function digestOf(value: unknown): Digest {
  const digest = parseDigest(String(value));
  if (digest) return digest;
  throw new EngineError('data-loss', `wolffia.db has an image with the id ${String(value)}`);
}
