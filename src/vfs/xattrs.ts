import { ERRNO } from '../base/errno.ts';
import type { FileKind, XattrCondition, Xattrs } from './contract.ts';
import { isLongerThan } from './file-name.ts';

/** Names and values. */
export type XattrMap = ReadonlyMap<string, Uint8Array>;

export const EMPTY_XATTRS: XattrMap = new Map();

/** Linux's XATTR_NAME_MAX, XATTR_SIZE_MAX and XATTR_LIST_MAX. */
const MAX_NAME_BYTES = 255;
const MAX_VALUE_BYTES = 65_536;
const MAX_LIST_BYTES = 65_536;
/** Of one file, names and values; some file systems of Linux take less than one value of 64 KiB. */
const MAX_TOTAL_BYTES = 131_072;

const NAMESPACE = /^(user|security|trusted)\../s;

/** Where a file system keeps the attributes of one file, all together. */
export interface XattrStore {
  read(): XattrMap;
  /** Throws ENOSPC, and EROFS where nothing can be written. */
  write(xattrs: XattrMap): void;
}

/** The rules of xattr(7) over what keeps them. */
export class StoredXattrs implements Xattrs {
  readonly #kind: FileKind;
  readonly #store: XattrStore;

  constructor(kind: FileKind, store: XattrStore) {
    this.#kind = kind;
    this.#store = store;
  }

  get(name: string): Uint8Array {
    this.#check(name, ERRNO.ENOENT);
    const value = this.#store.read().get(name);
    if (!value) throw ERRNO.ENOENT;
    return value;
  }

  set(name: string, value: Uint8Array, how: XattrCondition): void {
    this.#check(name, ERRNO.EPERM);
    if (value.length > MAX_VALUE_BYTES) throw ERRNO.E2BIG;
    const present = this.#store.read();
    if (how === 'create' && present.has(name)) throw ERRNO.EEXIST;
    if (how === 'replace' && !present.has(name)) throw ERRNO.ENOENT;
    const changed = new Map(present).set(name, value.slice());
    checkSizes(changed);
    this.#store.write(changed);
  }

  list(): readonly string[] {
    return [...this.#store.read().keys()];
  }

  remove(name: string): void {
    this.#check(name, ERRNO.EPERM);
    const changed = new Map(this.#store.read());
    if (!changed.delete(name)) throw ERRNO.ENOENT;
    this.#store.write(changed);
  }

  /** `ofUser`: what a name of `user.` answers on what is neither a file nor a directory. */
  #check(name: string, ofUser: typeof ERRNO.EPERM): void {
    if (name === '' || isLongerThan(name, MAX_NAME_BYTES)) throw ERRNO.ERANGE;
    if (!NAMESPACE.test(name) || name.includes('\0')) throw ERRNO.ENOTSUP;
    const isForAll = this.#kind === 'regular' || this.#kind === 'directory';
    if (!isForAll && name.startsWith('user.')) throw ofUser;
  }
}

/** Of file systems that keep none. */
export const NO_XATTRS: Xattrs = {
  get: () => {
    throw ERRNO.ENOTSUP;
  },
  set: () => {
    throw ERRNO.ENOTSUP;
  },
  list: () => [],
  remove: () => {
    throw ERRNO.ENOTSUP;
  },
};

/** Of a file that is read in one place and written in another. */
export function divertedXattrs(reader: () => Xattrs, writer: () => Xattrs): Xattrs {
  return {
    get: (name) => reader().get(name),
    set: (name, value, how) => writer().set(name, value, how),
    list: () => reader().list(),
    remove: (name) => writer().remove(name),
  };
}

/** What all names, each with its NUL, and all values take. */
export function xattrBytes(xattrs: XattrMap): number {
  return listBytes(xattrs) + [...xattrs.values()].reduce((sum, { length }) => sum + length, 0);
}

function listBytes(xattrs: XattrMap): number {
  const encoder = new TextEncoder();
  return [...xattrs.keys()].reduce((sum, name) => sum + encoder.encode(name).length + 1, 0);
}

function checkSizes(xattrs: XattrMap): void {
  if (listBytes(xattrs) > MAX_LIST_BYTES || xattrBytes(xattrs) > MAX_TOTAL_BYTES) {
    throw ERRNO.ENOSPC;
  }
}
