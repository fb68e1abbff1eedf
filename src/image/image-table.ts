import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, parseDigest } from '../spec/digest.ts';
import type { Descriptor } from '../spec/manifest.ts';
import type { ImageLayer } from './contract.ts';

/** A name in its long form, the registry first. */
export interface TagName {
  readonly repository: string;
  readonly tag: string;
}

/** A manifest or index that the store has. */
export interface StoredManifest {
  readonly descriptor: Descriptor;
  /** Nanoseconds since the epoch. */
  readonly addedNs: bigint;
  /** The image that it describes; of an index, the one that would be run. */
  readonly imageId: Digest | undefined;
  /** What it is about (a signature, say). */
  readonly subject: Digest | undefined;
  readonly contents: readonly Digest[];
}

export interface StoredImage {
  readonly id: Digest;
  readonly lastTaggedNs: bigint;
  readonly manifestDigest: Digest;
  readonly layers: readonly ImageLayer[];
}

/** What comes into the table in one step. */
export interface NewManifest {
  readonly descriptor: Descriptor;
  readonly contents: readonly Digest[];
  readonly imageId?: Digest | undefined;
  readonly subject?: Digest | undefined;
}

/** Which images and manifests there are, and what they are called. */
export class ImageTable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  images(): readonly StoredImage[] {
    return this.#all('SELECT * FROM images').map(imageOf);
  }

  image(id: Digest): StoredImage | undefined {
    return this.#all('SELECT * FROM images WHERE id = ?', id).map(imageOf)[0];
  }

  /**
   * Whether an image here has proved that the one is the other uncompressed. A configuration that
   * merely says so could put a layer of somebody else's into its image.
   */
  unpacksTo(digest: Digest, diffId: Digest): boolean {
    if (digest === diffId) return true;
    const candidates = this.#all('SELECT * FROM images WHERE instr(layers, ?) > 0', digest);
    return candidates
      .flatMap((row) => imageOf(row).layers)
      .some((layer) => layer.descriptor.digest === digest && layer.diffId === diffId);
  }

  manifests(): readonly StoredManifest[] {
    const contents = new Map<string, Digest[]>();
    for (const row of this.#all('SELECT manifest_digest, digest FROM manifest_contents')) {
      const key = String(row['manifest_digest']);
      const list = contents.get(key) ?? [];
      list.push(digestIn(row['digest']));
      contents.set(key, list);
    }
    return this.#all('SELECT * FROM manifests').map((row) =>
      manifestOf(row, contents.get(String(row['digest'])) ?? []),
    );
  }

  manifest(digest: Digest): StoredManifest | undefined {
    const [row] = this.#all('SELECT * FROM manifests WHERE digest = ?', digest);
    if (!row) return undefined;
    const contents = this.#all(
      'SELECT digest FROM manifest_contents WHERE manifest_digest = ?',
      digest,
    );
    return manifestOf(
      row,
      contents.map(({ digest: content }) => digestIn(content)),
    );
  }

  /** The manifests whose subject it is. */
  referrers(subject: Digest): readonly StoredManifest[] {
    return this.manifests().filter((manifest) => manifest.subject === subject);
  }

  tagsOf(id: Digest): readonly TagName[] {
    return this.#all(
      'SELECT repository, tag FROM image_tags WHERE image_id = ? ORDER BY repository, tag',
      id,
    ).map((row) => ({ repository: String(row['repository']), tag: String(row['tag']) }));
  }

  /** All tags with what they point to; of one repository when it is given, in order. */
  tags(repository?: string): readonly (TagName & {
    readonly manifestDigest: Digest;
    readonly imageId: Digest | undefined;
  })[] {
    const order = 'ORDER BY repository, tag';
    const rows =
      repository === undefined
        ? this.#all(`SELECT * FROM image_tags ${order}`)
        : this.#all(`SELECT * FROM image_tags WHERE repository = ? ${order}`, repository);
    return rows.map((row) => ({
      repository: String(row['repository']),
      tag: String(row['tag']),
      manifestDigest: digestIn(row['manifest_digest']),
      imageId: optionalDigest(row['image_id']),
    }));
  }

  targetOf(
    repository: string,
    tag: string,
  ): { readonly manifestDigest: Digest; readonly imageId: Digest | undefined } | undefined {
    const [row] = this.#all(
      'SELECT manifest_digest, image_id FROM image_tags WHERE repository = ? AND tag = ?',
      repository,
      tag,
    );
    if (!row) return undefined;
    return {
      manifestDigest: digestIn(row['manifest_digest']),
      imageId: optionalDigest(row['image_id']),
    };
  }

  /** Under which digests registries have an image. */
  digestsOf(id: Digest): readonly { readonly repository: string; readonly digest: Digest }[] {
    return this.#all(
      'SELECT repository, digest FROM image_digests WHERE image_id = ? ORDER BY repository, digest',
      id,
    ).map((row) => ({ repository: String(row['repository']), digest: digestIn(row['digest']) }));
  }

  imageOfDigest(repository: string, digest: Digest): Digest | undefined {
    const [row] = this.#all(
      'SELECT image_id FROM image_digests WHERE repository = ? AND digest = ?',
      repository,
      digest,
    );
    return row && digestIn(row['image_id']);
  }

  /** Idempotent; what is there already keeps its time. */
  addManifest({ descriptor, contents, imageId, subject }: NewManifest, nowNs: bigint): void {
    this.#run(
      `INSERT INTO manifests (digest, media_type, size_bytes, added_ns, image_id, subject)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET image_id = coalesce(excluded.image_id, image_id)`,
      descriptor.digest,
      descriptor.mediaType,
      descriptor.size,
      nowNs,
      imageId ?? null,
      subject ?? null,
    );
    for (const content of new Set(contents)) {
      this.#run(
        'INSERT INTO manifest_contents (manifest_digest, digest) VALUES (?, ?) ON CONFLICT DO NOTHING',
        descriptor.digest,
        content,
      );
    }
  }

  /** An image that is there already gets the manifest and layers that came last. */
  addImage(id: Digest, manifestDigest: Digest, layers: readonly ImageLayer[]): void {
    this.#run(
      `INSERT INTO images (id, last_tagged_ns, manifest_digest, layers) VALUES (?, 0, ?, ?)
       ON CONFLICT (id) DO UPDATE SET manifest_digest = excluded.manifest_digest, layers = excluded.layers`,
      id,
      manifestDigest,
      JSON.stringify(layers),
    );
  }

  putTag({ repository, tag }: TagName, manifestDigest: Digest, imageId: Digest | undefined): void {
    this.#run(
      `INSERT INTO image_tags (repository, tag, manifest_digest, image_id) VALUES (?, ?, ?, ?)
       ON CONFLICT (repository, tag) DO UPDATE
       SET manifest_digest = excluded.manifest_digest, image_id = excluded.image_id`,
      repository,
      tag,
      manifestDigest,
      imageId ?? null,
    );
  }

  touchImage(id: Digest, nowNs: bigint): void {
    this.#run('UPDATE images SET last_tagged_ns = ? WHERE id = ?', nowNs, id);
  }

  putDigest(repository: string, digest: Digest, id: Digest): void {
    this.#run(
      `INSERT INTO image_digests (repository, digest, image_id) VALUES (?, ?, ?)
       ON CONFLICT (repository, digest) DO UPDATE SET image_id = excluded.image_id`,
      repository,
      digest,
      id,
    );
  }

  untag({ repository, tag }: TagName): void {
    this.#run('DELETE FROM image_tags WHERE repository = ? AND tag = ?', repository, tag);
  }

  deleteDigest(repository: string, digest: Digest): void {
    this.#run('DELETE FROM image_digests WHERE repository = ? AND digest = ?', repository, digest);
  }

  /** Its names go with it. */
  deleteImage(id: Digest): void {
    this.#run('DELETE FROM image_tags WHERE image_id = ?', id);
    this.#run('DELETE FROM images WHERE id = ?', id);
  }

  deleteManifest(digest: Digest): void {
    this.#run('DELETE FROM manifests WHERE digest = ?', digest);
  }

  /** All of what `act` does, or nothing. */
  inTransaction(act: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      act();
      this.#database.exec('COMMIT');
    } catch (thrown) {
      this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }

  #all(sql: string, ...parameters: readonly string[]): readonly Row[] {
    return this.#statement(sql).all(...parameters);
  }

  #run(sql: string, ...parameters: readonly (string | number | bigint | null)[]): void {
    this.#statement(sql).run(...parameters);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}

type Row = Readonly<Record<string, SQLOutputValue>>;

function imageOf(row: Row): StoredImage {
  return {
    id: digestIn(row['id']),
    lastTaggedNs: bigintIn(row['last_tagged_ns']),
    manifestDigest: digestIn(row['manifest_digest']),
    // Written by ourselves.
    layers: JSON.parse(String(row['layers'])) as readonly ImageLayer[],
  };
}

function manifestOf(row: Row, contents: readonly Digest[]): StoredManifest {
  return {
    descriptor: {
      mediaType: String(row['media_type']),
      digest: digestIn(row['digest']),
      size: Number(row['size_bytes']),
    },
    addedNs: bigintIn(row['added_ns']),
    imageId: optionalDigest(row['image_id']),
    subject: optionalDigest(row['subject']),
    contents,
  };
}

function bigintIn(value: SQLOutputValue | undefined): bigint {
  return typeof value === 'bigint' ? value : 0n;
}

function optionalDigest(value: SQLOutputValue | undefined): Digest | undefined {
  return value === null || value === undefined ? undefined : digestIn(value);
}

function digestIn(value: SQLOutputValue | undefined): Digest {
  const digest = parseDigest(String(value));
  if (digest) return digest;
  throw new EngineError('data-loss', `wolffia.db has an image with the digest ${String(value)}`);
}
