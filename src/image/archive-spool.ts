import { closeSync, openSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { type TarFile, tarFiles } from '../archive/tar-files.ts';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, parseDigest } from '../spec/digest.ts';
import { type ContentStore, digestOf } from './content-store.ts';
import type { TellProgress } from './contract.ts';
import type { Lease } from './leases.ts';

/** A file of an archive, wherever its bytes are now. */
export interface SpooledFile {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

interface ArchiveFile extends Pick<TarFile, 'content'> {
  readonly path: string;
  readonly sizeBytes: number;
}

/** What is larger goes to disk as it comes: it is a layer, or could be. */
const MAX_KEPT_FILE_BYTES = 64 * 1024;
/** Of all files that are kept in memory; the rest goes to disk. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
/** Some four for each of 4,096 layers of a few images, as Docker used to write them. */
const MAX_ENTRIES = 100_000;
const MAX_PATH_LENGTH = 4_096;
/** A compressed archive of more is a bomb more often than a collection of images. */
const MAX_ARCHIVE_BYTES = 256 * 1024 ** 3;
/** Docker's archives have links to files, nobody's have links to links to links. */
const MAX_LINKS = 8;

const BLOB_PATH = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/;
const DIGITS_SHOWN = 12;

/**
 * The files of an archive of images, as content of the store: which of them is a manifest or a
 * layer shows when all are there. Nothing of it is ever put to a path that the archive names.
 */
export class ArchiveSpool {
  readonly #content: ContentStore;
  readonly #lease: Lease;
  readonly #files = new Map<string, SpooledFile>();
  readonly #links = new Map<string, string>();
  readonly #kept = new Map<Digest, Uint8Array>();
  readonly #written: Digest[];
  #keptBytes = 0;
  #totalBytes = 0;
  #entryCount = 0;

  /**
   * Holds everything that it looks at in the store by the lease, and notes in `written` what it has
   * put there.
   */
  constructor(content: ContentStore, lease: Lease, written: Digest[]) {
    this.#content = content;
    this.#lease = lease;
    this.#written = written;
  }

  /**
   * # Errors
   * - invalid-argument: no tar archive; too many files or bytes
   * - data-loss: a blob is not what its name says
   */
  async take(archive: AsyncIterable<Uint8Array>, tell: TellProgress): Promise<void> {
    for await (const { entry, content } of tarFiles(archive)) {
      this.#entryCount += 1;
      if (this.#entryCount > MAX_ENTRIES) throw invalid(`more than ${MAX_ENTRIES} files`);
      const path = normalPath(entry.path);
      const { kind, sizeBytes, linkTarget } = entry;
      if (path.length > MAX_PATH_LENGTH) throw invalid(`a path of ${path.length} characters`);
      if (kind === 'regular') {
        if (entry.extents) throw invalid(`${path} is a sparse file`);
        this.#files.set(path, await this.#takeFile({ path, sizeBytes, content }, tell));
      } else if (kind === 'symlink') {
        this.#links.set(path, normalPath(posix.join(posix.dirname(path), linkTarget)));
      } else if (kind === 'hard-link') this.#links.set(path, normalPath(linkTarget));
    }
  }

  /** Undefined when the archive does not have it. Links are followed within the archive. */
  file(path: string): SpooledFile | undefined {
    let target = normalPath(path);
    for (let count = 0; count < MAX_LINKS; count++) {
      const file = this.#files.get(target);
      if (file) return file;
      const next = this.#links.get(target);
      if (next === undefined) return undefined;
      target = next;
    }
    throw invalid(`${path}: a link to links without an end`);
  }

  /** # Errors: invalid-argument when the archive does not have it, or more than so much of it. */
  read(path: string, maxBytes: number): Uint8Array {
    const file = this.file(path);
    if (!file) throw invalid(`it has no ${path}`);
    if (file.sizeBytes > maxBytes) throw invalid(`${path} is larger than ${maxBytes} bytes`);
    return this.#kept.get(file.digest) ?? this.#content.read(file.digest, maxBytes);
  }

  /** The first bytes of a file, as many as there are. */
  head({ digest }: SpooledFile, length: number): Uint8Array {
    const kept = this.#kept.get(digest);
    if (kept) return kept.subarray(0, length);
    const fd = openSync(this.#content.pathOf(digest), 'r');
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, 0));
    } finally {
      closeSync(fd);
    }
  }

  /** Makes a file that was kept in memory content of the store. */
  store({ digest }: SpooledFile): void {
    this.#lease.hold(digest);
    const bytes = this.#kept.get(digest);
    if (!bytes || this.#content.has(digest)) return;
    this.#written.push(digest);
    this.#content.put(bytes);
  }

  async #takeFile(file: ArchiveFile, tell: TellProgress): Promise<SpooledFile> {
    const { path, sizeBytes } = file;
    this.#totalBytes += sizeBytes;
    if (this.#totalBytes > MAX_ARCHIVE_BYTES) {
      throw invalid(`more than ${MAX_ARCHIVE_BYTES} bytes`);
    }
    const expected = expectedDigest(path);
    if (expected !== undefined) {
      this.#lease.hold(expected);
      // Checked when it came in.
      if (this.#content.sizeOf(expected) === sizeBytes) return { digest: expected, sizeBytes };
    }
    const isKept = sizeBytes <= MAX_KEPT_FILE_BYTES && this.#keptBytes <= MAX_KEPT_BYTES;
    const digest = await (isKept ? this.#keep(file) : this.#write(file, tell));
    if (expected === undefined || digest === expected) return { digest, sizeBytes };
    throw new EngineError('data-loss', `${path} is not what its name says: it has ${digest}`);
  }

  async #keep({ content }: ArchiveFile): Promise<Digest> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const digest = digestOf(bytes);
    this.#kept.set(digest, bytes);
    this.#keptBytes += bytes.length;
    return digest;
  }

  async #write({ path, sizeBytes, content }: ArchiveFile, tell: TellProgress): Promise<Digest> {
    await using writer = await this.#content.writer();
    const id = labelOf(path);
    for await (const chunk of content) {
      await writer.write(chunk);
      tell({ id, status: 'Loading layer', current: writer.sizeBytes, total: sizeBytes });
    }
    const digest = writer.digest();
    this.#lease.hold(digest);
    if (this.#content.has(digest)) return digest;
    this.#written.push(digest);
    await writer.commit(this.#content.pathOf(digest), digest);
    return digest;
  }
}

export function invalid(reason: string): EngineError {
  return new EngineError('invalid-argument', `invalid archive of images: ${reason}`);
}

/** Relative, without anything that is not needed; what points out of the archive has `..` left. */
function normalPath(path: string): string {
  return posix.normalize(path).replace(/^\/+|\/+$/g, '');
}

/** Of a blob by its path. */
function expectedDigest(path: string): Digest | undefined {
  const [, algorithm = '', hex = ''] = BLOB_PATH.exec(path) ?? [];
  if (algorithm === '') return undefined;
  const digest = parseDigest(`${algorithm}:${hex}`);
  if (digest) return digest;
  throw invalid(`${path}: no sha256 digest`);
}

/** How an entry is shown: by the first digits of the digest in its path, if there is one. */
function labelOf(path: string): string {
  const digits = /[0-9a-f]{64}/.exec(path)?.[0].slice(0, DIGITS_SHOWN);
  return digits ?? posix.basename(path).slice(0, DIGITS_SHOWN);
}
