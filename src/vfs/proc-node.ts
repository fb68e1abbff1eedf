import { ERRNO } from '../base/errno.ts';
import type {
  Alias,
  Attributes,
  DirectoryEntry,
  FileKind,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { LeafVnode } from './leaf-vnode.ts';
import { ReadOnlyDirectory } from './read-only-directory.ts';
import { NO_XATTRS } from './xattrs.ts';

/**
 * The files that /proc is made of: directories whose names come and go, files whose text is written
 * when it is read, and links.
 */
export interface ProcContext {
  readonly device: bigint;
  /** Nanoseconds since the epoch: all files in it are as new as that. */
  readonly now: () => bigint;
}

/** What tells a file of /proc from another: it has no other number. */
export interface ProcIdentity {
  readonly inode: bigint;
  /** Whose process it is about; the container's root otherwise. */
  readonly uid?: number;
  readonly gid?: number;
}

function attributesOf(
  context: ProcContext,
  identity: ProcIdentity,
  kind: FileKind,
  mode: number,
): Attributes {
  const now = context.now();
  return {
    kind,
    mode,
    linkCount: kind === 'directory' ? 2 : 1,
    device: context.device,
    inode: identity.inode,
    sizeBytes: 0,
    blocks: 0,
    rdev: 0n,
    uid: identity.uid ?? 0,
    gid: identity.gid ?? 0,
    accessedNs: now,
    modifiedNs: now,
    changedNs: now,
  };
}

/** The files of a directory: those of fixed names first, then those that are looked up. */
export interface ProcNames {
  readonly fixed?: ReadonlyMap<string, Vnode>;
  /** Undefined when there is none of that name. */
  readonly lookup?: (name: string) => Vnode | undefined;
  readonly list?: () => readonly DirectoryEntry[];
}

export class ProcDirectory extends ReadOnlyDirectory {
  readonly #context: ProcContext;
  readonly #identity: ProcIdentity;
  readonly #names: ProcNames;
  readonly #mode: number;

  constructor(context: ProcContext, identity: ProcIdentity, names: ProcNames, mode = 0o555) {
    super();
    this.#context = context;
    this.#identity = identity;
    this.#names = names;
    this.#mode = mode;
  }

  override attributes(): Attributes {
    return attributesOf(this.#context, this.#identity, this.kind, this.#mode);
  }

  override lookup(name: string): Vnode {
    const found = this.#names.fixed?.get(name) ?? this.#names.lookup?.(name);
    if (!found) throw ERRNO.ENOENT;
    return found;
  }

  override list(): readonly DirectoryEntry[] {
    const fixed = [...(this.#names.fixed ?? [])].map(([name, vnode]) => {
      return { name, kind: vnode.kind, inode: vnode.attributes().inode };
    });
    return [...fixed, ...(this.#names.list?.() ?? [])];
  }
}

/** A file whose text is made anew whenever it is read from its start. */
export class ProcText extends LeafVnode {
  override readonly kind = 'regular';
  readonly #context: ProcContext;
  readonly #identity: ProcIdentity;
  readonly #write: () => string;
  readonly #mode: number;

  /** `write` may throw ESRCH, ENOENT when what it is about is gone. */
  constructor(context: ProcContext, identity: ProcIdentity, write: () => string, mode = 0o444) {
    super();
    this.#context = context;
    this.#identity = identity;
    this.#write = write;
    this.#mode = mode;
  }

  override attributes(): Attributes {
    return attributesOf(this.#context, this.#identity, this.kind, this.#mode);
  }

  override change(): void {
    throw ERRNO.EROFS;
  }

  override open(mode: OpenMode): OpenFile {
    if (mode.write || mode.truncate) throw ERRNO.EROFS;
    return new OpenProcText(this, this.#write);
  }
}

class OpenProcText implements OpenFile {
  readonly #node: ProcText;
  readonly #write: () => string;
  #text: Uint8Array | undefined;
  #isClosed = false;

  constructor(node: ProcText, write: () => string) {
    this.#node = node;
    this.#write = write;
  }

  attributes(): Attributes {
    return this.#node.attributes();
  }

  change(): void {
    throw ERRNO.EROFS;
  }

  xattrs(): Xattrs {
    return NO_XATTRS;
  }

  readAt(target: Uint8Array, position: number): number {
    if (this.#isClosed) throw ERRNO.EBADF;
    if (position < 0) throw ERRNO.EINVAL;
    if (position === 0 || !this.#text) this.#text = new TextEncoder().encode(this.#write());
    const part = this.#text.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  }

  writeAt(): number {
    throw ERRNO.EBADF;
  }

  append(): number {
    throw ERRNO.EBADF;
  }

  async sync(): Promise<void> {
    throw ERRNO.EINVAL;
  }

  close(): void {
    this.#isClosed = true;
  }
}

export class ProcLink extends LeafVnode {
  override readonly kind = 'symlink';
  readonly destination: Vnode | undefined;
  readonly #context: ProcContext;
  readonly #identity: ProcIdentity;
  readonly #target: () => string;
  readonly #mode: number;

  /** `destination`: what it leads to when `target` is no path. */
  constructor(
    context: ProcContext,
    identity: ProcIdentity,
    target: () => string,
    options: { readonly destination?: Vnode; readonly mode?: number } = {},
  ) {
    super();
    this.#context = context;
    this.#identity = identity;
    this.#target = target;
    this.destination = options.destination;
    this.#mode = options.mode ?? 0o777;
  }

  override attributes(): Attributes {
    return attributesOf(this.#context, this.#identity, this.kind, this.#mode);
  }

  override readLink(): string {
    return this.#target();
  }

  override change(): void {
    throw ERRNO.EROFS;
  }

  override open(): OpenFile {
    throw ERRNO.ELOOP;
  }
}

/** An open file that has no path, as a link of /proc leads to it. */
export class ProcAlias extends LeafVnode {
  readonly alias: Alias;
  readonly #attributes: () => Attributes;

  constructor(alias: Alias, attributes: () => Attributes) {
    super();
    this.alias = alias;
    this.#attributes = attributes;
  }

  override get kind(): FileKind {
    return this.#attributes().kind;
  }

  override attributes(): Attributes {
    return this.#attributes();
  }

  override change(): void {
    throw ERRNO.EPERM;
  }

  override open(): OpenFile {
    throw ERRNO.ENXIO;
  }
}
