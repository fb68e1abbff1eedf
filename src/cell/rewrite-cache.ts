import {
  REWRITER_VERSION,
  type RewrittenModule,
  rewriteModule,
} from '../rewrite/rewrite-module.ts';
import type { CellHost } from './cell-host.ts';

/** Least recently used first; past this the oldest go. */
const MAX_CACHE_BYTES = 1024 * 1024 * 1024;
const MAX_CACHE_FILES = 1_000;
/** What is written at a rate of 20 MB a second is not worth a file below this. */
const MIN_MODULE_BYTES = 64 * 1024;
/** `u32 size of the facts`, then the facts as JSON, then the module. */
const HEADER_SIZE = 4;

type Facts = Omit<RewrittenModule, 'bytes'> & { readonly sizeBytes: number };

/**
 * Rewritten programs on disk, by the digest of the original and the rewriter's version: every cell
 * would otherwise take a second for an interpreter. Several cells use the folder at once: a file
 * comes into being whole, by a rename, and whoever finds none or a broken one makes it anew.
 */
export class RewriteCache {
  readonly #host: CellHost;
  readonly #progress: () => void;

  /** `progress` is called again and again while a program is rewritten. */
  constructor(host: CellHost, progress: () => void = () => {}) {
    this.#host = host;
    this.#progress = progress;
  }

  /** `key`: names the content of `bytes`. Errors: as `rewriteModule`. */
  rewrite(key: string, bytes: Uint8Array<ArrayBuffer>): RewrittenModule {
    const directory = this.#host.rewriteCacheDirectory;
    if (directory === undefined || bytes.length < MIN_MODULE_BYTES) {
      return rewriteModule(bytes, this.#progress);
    }
    const path = `${directory}/${this.#host.sha256(new TextEncoder().encode(key))}-${REWRITER_VERSION}`;
    const known = this.#read(path);
    if (known) return known;
    const rewritten = rewriteModule(bytes, this.#progress);
    this.#write(directory, path, rewritten);
    return rewritten;
  }

  #read(path: string): RewrittenModule | undefined {
    const { fs } = this.#host.files;
    let fd: number;
    try {
      fd = fs.openSync(path, fs.constants.O_RDONLY);
    } catch {
      // Not there: the common case of a first start.
      return undefined;
    }
    try {
      const content = new Uint8Array(Number(fs.fstatSync(fd, { bigint: true }).size));
      if (readFully(this.#host, fd, content) < content.length) return undefined;
      const nowSeconds = Number(this.#host.clock.realtimeNs()) / 1e9;
      fs.futimesSync(fd, nowSeconds, nowSeconds);
      return decode(content);
    } catch (thrown) {
      this.#host.reportBug('rewrite cache', thrown);
      return undefined;
    } finally {
      fs.closeSync(fd);
    }
  }

  #write(directory: string, path: string, rewritten: RewrittenModule): void {
    const { fs } = this.#host.files;
    const suffix = new Uint32Array(1);
    this.#host.fillRandom(new Uint8Array(suffix.buffer));
    const incoming = `${path}.${suffix[0]?.toString(36)}`;
    try {
      fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
      const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
      const fd = fs.openSync(incoming, O_WRONLY | O_CREAT | O_EXCL, 0o600);
      try {
        const content = encode(rewritten);
        for (let done = 0; done < content.length; ) {
          done += fs.writeSync(fd, content, done, content.length - done, done);
        }
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(incoming, path);
      this.#makeRoom(directory);
    } catch (thrown) {
      // A full disk, say: the program runs all the same, and the next cell works again.
      this.#host.reportBug('rewrite cache', thrown);
    }
  }

  #makeRoom(directory: string): void {
    const { fs } = this.#host.files;
    const files = fs.readdirSync(directory).flatMap((name) => {
      const path = `${directory}/${name}`;
      const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
      return stat ? [{ path, sizeBytes: Number(stat.size), usedNs: stat.mtimeNs }] : [];
    });
    files.sort((one, other) => (one.usedNs < other.usedNs ? 1 : -1));
    let totalBytes = 0;
    files.forEach(({ path, sizeBytes }, index) => {
      totalBytes += sizeBytes;
      if (totalBytes <= MAX_CACHE_BYTES && index < MAX_CACHE_FILES) return;
      try {
        fs.unlinkSync(path);
      } catch {
        // Another cell makes room, too.
      }
    });
  }
}

function readFully({ files }: CellHost, fd: number, target: Uint8Array): number {
  let filled = 0;
  while (filled < target.length) {
    const count = files.fs.readSync(fd, target, filled, target.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function encode({ bytes, ...rest }: RewrittenModule): Uint8Array {
  const facts: Facts = { ...rest, sizeBytes: bytes.length };
  const json = new TextEncoder().encode(JSON.stringify(facts));
  const content = new Uint8Array(HEADER_SIZE + json.length + bytes.length);
  new DataView(content.buffer).setUint32(0, json.length, true);
  content.set(json, HEADER_SIZE);
  content.set(bytes, HEADER_SIZE + json.length);
  return content;
}

/** Undefined for what no cell has written to its end. */
function decode(content: Uint8Array<ArrayBuffer>): RewrittenModule | undefined {
  if (content.length < HEADER_SIZE) return undefined;
  const jsonSize = new DataView(content.buffer).getUint32(0, true);
  const start = HEADER_SIZE + jsonSize;
  if (start > content.length) return undefined;
  const json = new TextDecoder().decode(content.subarray(HEADER_SIZE, start));
  // Written by `encode` alone, in the shape that the version in the file's name stands for.
  const { sizeBytes, ...facts } = JSON.parse(json) as Facts;
  if (content.length - start !== sizeBytes) return undefined;
  // What JSON leaves out for being undefined.
  const { startExport, globals, memoryImport } = facts;
  return { ...facts, startExport, globals, memoryImport, bytes: content.subarray(start) };
}
