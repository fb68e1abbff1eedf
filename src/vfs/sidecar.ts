import { ERRNO } from '../base/errno.ts';
import type { NodeKind } from './contract.ts';
import { type HostFiles, type HostStat, translated } from './host-files.ts';
import type { MemoryCharge } from './memory-quota.ts';
import type { XattrMap } from './xattrs.ts';

/**
 * What guests were promised of their files and a host cannot keep for an ordinary user: owners,
 * set-id bits, modes that would shut us out, extended attributes, and which files are FIFOs and
 * sockets.
 *
 * # Theory of operation
 * One file beside the directory that it speaks of: a log of lines of JSON, each with all that is
 * kept of one file, so that the last line about a file holds. A file is named by its inode and the
 * time of its birth, which tells a file from another that gets the same inode later; renames and
 * hard links change neither. All is read into memory when the log is opened.
 *
 * A crash can leave a line that ends early. It is skipped, what was there before it holds, and the
 * next line begins on a line of its own. A log that has grown to twice what it holds is written
 * anew beside the old one and put in its place.
 *
 * There is one writer.
 */
export interface KeptFacts {
  readonly kind: NodeKind | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly xattrs: XattrMap | undefined;
}

export const NOTHING_KEPT: KeptFacts = {
  kind: undefined,
  mode: undefined,
  uid: undefined,
  gid: undefined,
  xattrs: undefined,
};

interface KeptFile {
  readonly birthtimeNs: bigint;
  readonly facts: KeptFacts;
  /** Of its line in the log. */
  readonly lineBytes: number;
}

/** Files of which something is kept; each takes some hundred bytes of our memory. */
const MAX_FILES = 1 << 18;
/** All lines together. */
const MAX_LIVE_BYTES = 64 << 20;
/** What a log may be longer than twice the lines that hold. */
const SLACK_BYTES = 1 << 20;
/** The longest that a log gets; what is longer is none of ours. */
const MAX_LOG_BYTES = 2 * MAX_LIVE_BYTES + 2 * SLACK_BYTES;

/** What is held in memory of a file beyond its line, roughly. */
const FILE_BYTES = 256;

const DEVICE_SHIFT = 64n;
const NEWLINE = 10;

export interface SidecarOptions {
  readonly charge?: MemoryCharge | undefined;
  readonly isReadOnly?: boolean;
}

export class Sidecar implements Disposable {
  readonly #host: HostFiles;
  readonly #path: string;
  readonly #files = new Map<bigint, KeptFile>();
  readonly #charge: MemoryCharge;
  readonly #isReadOnly: boolean;
  #chargedBytes = 0;
  #rootDevice: bigint | undefined;
  #fd: number | undefined;
  #liveBytes = 0;
  #logBytes = 0;
  /** The log ends within a line. */
  #isTorn = false;
  #isDirty = false;

  /**
   * Of the log at `path` on the host, which is made when there is something to keep. What is held of
   * it in memory is charged to `charge`: ENOMEM. `isReadOnly`: somebody else may be its writer.
   */
  constructor(
    host: HostFiles,
    path: string,
    { charge = UNBOUNDED, isReadOnly = false }: SidecarOptions = {},
  ) {
    this.#host = host;
    this.#path = path;
    this.#charge = charge;
    this.#isReadOnly = isReadOnly;
    this.#load();
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** The device that most files are on; inodes of others are told apart from its. */
  set rootDevice(device: bigint) {
    this.#rootDevice = device;
  }

  find(stat: HostStat): KeptFacts | undefined {
    if (this.#files.size === 0) return undefined;
    const found = this.#files.get(this.#keyOf(stat));
    return found?.birthtimeNs === stat.birthtimeNs ? found.facts : undefined;
  }

  /** Replaces what is kept of a file. Throws ENOSPC, and what the host answers, as an Errno. */
  keep(stat: HostStat, facts: KeptFacts): void {
    const key = this.#keyOf(stat);
    const present = this.#files.get(key);
    const line = encodeLine(key, stat.birthtimeNs, facts);
    const liveBytes = this.#liveBytes - (present?.lineBytes ?? 0) + line.length;
    if (!present && this.#files.size >= MAX_FILES) throw ERRNO.ENOSPC;
    if (liveBytes > MAX_LIVE_BYTES) throw ERRNO.ENOSPC;
    this.#take(line.length + FILE_BYTES);
    try {
      this.#append(line);
    } catch (thrown) {
      this.#give(line.length + FILE_BYTES);
      throw thrown;
    }
    if (present) this.#give(present.lineBytes + FILE_BYTES);
    this.#files.set(key, { birthtimeNs: stat.birthtimeNs, facts, lineBytes: line.length });
    this.#liveBytes = liveBytes;
    this.#compactWhenLong();
  }

  /** To be called when a file is gone. */
  forget(stat: HostStat): void {
    const key = this.#keyOf(stat);
    const present = this.#files.get(key);
    if (!present) return;
    this.#files.delete(key);
    this.#liveBytes -= present.lineBytes;
    this.#give(present.lineBytes + FILE_BYTES);
    this.#append(encodeLine(key, stat.birthtimeNs, undefined));
    this.#compactWhenLong();
  }

  /** What was kept is on stable storage when the promise resolves. Throws host errors. */
  async sync(): Promise<void> {
    const fd = this.#fd;
    if (!this.#isDirty || fd === undefined) return;
    this.#isDirty = false;
    await new Promise<void>((resolve, reject) => {
      this.#host.fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Idempotent. */
  [Symbol.dispose](): void {
    this.#closeLog();
    this.#give(this.#chargedBytes);
  }

  #closeLog(): void {
    if (this.#fd !== undefined) this.#host.fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  #take(bytes: number): void {
    if (!this.#charge.tryCharge(bytes)) throw ERRNO.ENOMEM;
    this.#chargedBytes += bytes;
  }

  #give(bytes: number): void {
    this.#charge.release(bytes);
    this.#chargedBytes -= bytes;
  }

  #keyOf({ dev, ino }: HostStat): bigint {
    return dev === this.#rootDevice ? ino : (dev << DEVICE_SHIFT) | ino;
  }

  #append(line: Uint8Array): void {
    const { fs } = this.#host;
    const bytes = this.#isTorn ? Uint8Array.of(NEWLINE, ...line) : line;
    translated(() => {
      const { O_WRONLY, O_CREAT, O_APPEND } = fs.constants;
      this.#fd ??= fs.openSync(this.#path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
      const written = fs.writeSync(this.#fd, bytes, 0, bytes.length, null);
      this.#isDirty = true;
      this.#logBytes += written;
      this.#isTorn = written < bytes.length;
      if (this.#isTorn) throw ERRNO.ENOSPC;
    });
  }

  #load(): void {
    const bytes = translated(() => readLog(this.#host, this.#path));
    if (!bytes) return;
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(NEWLINE, start);
      const line = bytes.subarray(start, end < 0 ? bytes.length : end);
      start += line.length + 1;
      const decoded = decodeLine(line);
      if (!decoded) continue;
      const { key, birthtimeNs, facts } = decoded;
      this.#liveBytes -= this.#files.get(key)?.lineBytes ?? 0;
      this.#files.delete(key);
      if (!facts) continue;
      const lineBytes = line.length + 1;
      this.#files.set(key, { birthtimeNs, facts, lineBytes });
      this.#liveBytes += lineBytes;
    }
    this.#take(this.#liveBytes + this.#files.size * FILE_BYTES);
    this.#logBytes = bytes.length;
    if (this.#logBytes !== this.#liveBytes && !this.#isReadOnly) this.#compact();
  }

  #compactWhenLong(): void {
    if (this.#logBytes > 2 * this.#liveBytes + SLACK_BYTES) this.#compact();
  }

  /** Writes the lines that hold to a new log, and puts it in the place of the old one. */
  #compact(): void {
    const { fs } = this.#host;
    const { O_WRONLY, O_CREAT, O_TRUNC } = fs.constants;
    const path = `${this.#path}.new`;
    translated(() => {
      const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
      try {
        for (const [key, { birthtimeNs, facts }] of this.#files) {
          const line = encodeLine(key, birthtimeNs, facts);
          for (let at = 0; at < line.length; ) {
            at += fs.writeSync(fd, line, at, line.length - at, null);
          }
        }
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(path, this.#path);
    });
    this.#closeLog();
    this.#logBytes = this.#liveBytes;
    this.#isTorn = false;
  }
}

/** Of whoever counts no memory. */
const UNBOUNDED: MemoryCharge = { tryCharge: () => true, release: () => {} };

/** Undefined when there is none. Throws EFBIG, and host errors. */
function readLog({ fs }: HostFiles, path: string): Uint8Array | undefined {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
  try {
    const { size } = fs.fstatSync(fd, { bigint: true });
    if (size > MAX_LOG_BYTES) throw ERRNO.EFBIG;
    const bytes = new Uint8Array(Number(size));
    for (let at = 0; at < bytes.length; ) {
      const count = fs.readSync(fd, bytes, at, bytes.length - at, at);
      if (count === 0) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  } finally {
    fs.closeSync(fd);
  }
}

/** `facts` undefined: nothing is kept of the file any more. */
function encodeLine(key: bigint, birthtimeNs: bigint, facts: KeptFacts | undefined): Uint8Array {
  const kept = facts && { ...facts, xattrs: facts.xattrs && [...facts.xattrs].map(encodeXattr) };
  const line = JSON.stringify([String(key), String(birthtimeNs), kept ?? null]);
  return new TextEncoder().encode(`${line}\n`);
}

/** Undefined for a line that ends early, or that is none of ours. */
function decodeLine(
  line: Uint8Array,
): { key: bigint; birthtimeNs: bigint; facts: KeptFacts | undefined } | undefined {
  try {
    const [key, birthtime, facts] = JSON.parse(new TextDecoder().decode(line)) as [
      string,
      string,
      (KeptFacts & { readonly xattrs: readonly (readonly [string, string])[] | undefined }) | null,
    ];
    const file = { key: BigInt(key), birthtimeNs: BigInt(birthtime) };
    if (facts === null) return { ...file, facts: undefined };
    const xattrs = facts.xattrs && new Map(facts.xattrs.map(decodeXattr));
    return { ...file, facts: { ...NOTHING_KEPT, ...facts, xattrs } };
  } catch {
    return undefined;
  }
}

/** Bytes as characters of the same numbers, which JSON holds. */
function encodeXattr([name, value]: readonly [string, Uint8Array]): readonly [string, string] {
  let text = '';
  for (const byte of value) text += String.fromCharCode(byte);
  return [name, text];
}

function decodeXattr([name, text]: readonly [string, string]): readonly [string, Uint8Array] {
  return [name, Uint8Array.from(text, (character) => character.charCodeAt(0))];
}
