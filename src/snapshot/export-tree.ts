import { TAR_END, type TarMember, tarHeader, tarPadding } from '../archive/tar-writer.ts';
import { EngineError } from '../base/engine-error.ts';
import { ERRNO, Errno } from '../base/errno.ts';
import type { Attributes, OpenFile, Vnode } from '../vfs/contract.ts';

/** What is read and handed on at once; between two such pieces others have their turn. */
const PIECE_BYTES = 64 * 1024;

/** The files below `root` as `Snapshots.export` promises them. */
export async function* exportTree(root: Vnode): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const part of new TreeExport().parts(root)) {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes < PIECE_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    sizeBytes = 0;
  }
  yield Buffer.concat([...parts, TAR_END]);
}

/** A directory whose entries are being written. */
interface OpenDirectory {
  readonly vnode: Vnode;
  /** Empty for the root, else with a slash at its end. */
  readonly path: string;
  readonly names: Iterator<string>;
}

class TreeExport {
  /** The first names of files that have several. */
  readonly #linked = new Map<bigint, string>();

  *parts(root: Vnode): Generator<Uint8Array> {
    // No recursion: directories may be deeper than our stack.
    const open = [readable('', () => openDirectory(root, ''))];
    for (let directory = open.at(-1); directory; directory = open.at(-1)) {
      const next = directory.names.next();
      if (next.done) {
        open.pop();
        continue;
      }
      const path = directory.path + next.value;
      const { vnode } = directory;
      const child = unlessGone(path, () => vnode.lookup(next.value));
      if (!child) continue;
      if (child.kind === 'directory') {
        const facts = unlessGone(path, () => directoryFacts(child, `${path}/`));
        const inside = facts && unlessGone(path, () => openDirectory(child, facts.path));
        if (!facts || !inside) continue;
        yield tarHeader(facts);
        open.push(inside);
      } else {
        yield* this.#file(child, path);
      }
    }
  }

  *#file(vnode: Vnode, path: string): Generator<Uint8Array> {
    const attributes = unlessGone(path, () => vnode.attributes());
    if (!attributes || attributes.kind === 'socket') return;
    const first = attributes.linkCount > 1 ? this.#linked.get(attributes.inode) : undefined;
    if (first !== undefined) {
      yield tarHeader({ ...factsOf(path, attributes), kind: 'hard-link', linkTarget: first });
      return;
    }
    if (attributes.kind === 'regular') {
      const file = unlessGone(path, () => vnode.open(READ));
      if (!file) return;
      yield* regularFile(file, path);
    } else {
      const facts = unlessGone(path, () => ({
        ...factsOf(path, attributes),
        linkTarget: attributes.kind === 'symlink' ? vnode.readLink() : '',
        xattrs: xattrsOf(vnode),
      }));
      if (!facts) return;
      yield tarHeader(facts);
    }
    if (attributes.linkCount > 1) this.#linked.set(attributes.inode, path);
  }
}

const READ = { read: true, write: false, truncate: false };

function openDirectory(vnode: Vnode, path: string): OpenDirectory {
  return {
    vnode,
    path,
    names: vnode
      .list()
      .map(({ name }) => name)
      [Symbol.iterator](),
  };
}

function directoryFacts(vnode: Vnode, path: string): TarMember {
  return { ...factsOf(path, vnode.attributes()), xattrs: xattrsOf(vnode) };
}

/** Owns `file`. */
function* regularFile(file: OpenFile, path: string): Generator<Uint8Array> {
  try {
    const facts = readable(path, () => {
      const attributes = file.attributes();
      const { sizeBytes } = attributes;
      return { ...factsOf(path, attributes), sizeBytes, xattrs: xattrsOf(file) };
    });
    yield tarHeader(facts);
    for (let position = 0; position < facts.sizeBytes; ) {
      const buffer = new Uint8Array(Math.min(PIECE_BYTES, facts.sizeBytes - position));
      const at = position;
      // What the file no longer has are zeros.
      const count = readable(path, () => file.readAt(buffer, at)) || buffer.length;
      yield buffer.subarray(0, count);
      position += count;
    }
    yield tarPadding(facts.sizeBytes);
  } finally {
    file.close();
  }
}

function factsOf(path: string, attributes: Attributes): TarMember {
  const { kind, mode, uid, gid, modifiedNs, rdev } = attributes;
  if (kind === 'socket') throw new Error('no archive holds a socket');
  return {
    path,
    kind,
    mode,
    uid,
    gid,
    modifiedNs,
    sizeBytes: 0,
    linkTarget: '',
    // Linux's `makedev`.
    deviceMajor: Number((rdev >> 8n) & 0xfffn),
    deviceMinor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xfff00n)),
    xattrs: new Map(),
  };
}

function xattrsOf(file: Pick<Vnode, 'xattrs'>): ReadonlyMap<string, Uint8Array> {
  const xattrs = file.xattrs();
  return new Map(xattrs.list().map((name) => [name, xattrs.get(name)]));
}

/** Undefined when the file was removed meanwhile, or another has come into its place. */
function unlessGone<T>(path: string, read: () => T): T | undefined {
  return readable(path, () => {
    try {
      return read();
    } catch (thrown) {
      if (GONE.some((errno) => errno === thrown)) return undefined;
      throw thrown;
    }
  });
}

const GONE = [ERRNO.ENOENT, ERRNO.ESTALE, ERRNO.ENOTDIR, ERRNO.ELOOP, ERRNO.ENXIO, ERRNO.EINVAL];

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof Errno)) throw thrown;
    throw new EngineError('data-loss', `cannot read /${path}: ${thrown.name}`, { cause: thrown });
  }
}
