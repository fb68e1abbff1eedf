import { EngineError } from '../base/engine-error.ts';
import {
  type LayerEntry,
  type LayerEntryKind,
  MAX_LAYER_DEPTH,
  NO_LAYER_XATTRS,
} from './layer-index.ts';

/** Files of one layer; more are no layer but an attack on memory. */
const MAX_ENTRIES = 2_000_000;
const MAX_NAME_BYTES = 255;

const WHITEOUT_PREFIX = '.wh.';
/** Names that begin so are marks of the archive's maker, the one below excepted. */
const MARK_PREFIX = '.wh..wh.';
const OPAQUE_MARK = '.wh..wh..opq';

const DEFAULT_DIRECTORY_MODE = 0o755;

/** What an archive says of one file, its path excepted. */
export type FileFacts = Pick<
  LayerEntry,
  | 'kind'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'modifiedNs'
  | 'sizeBytes'
  | 'offset'
  | 'linkTarget'
  | 'rdev'
  | 'xattrs'
>;

/** An entry that is being built. */
type DraftEntry = {
  -readonly [Key in keyof Omit<LayerEntry, 'children'>]: LayerEntry[Key];
} & { readonly children: Map<string, DraftEntry> };

/**
 * Builds a layer's tree out of an archive's entries, in the order in which they come. Paths are
 * taken below the root whatever they begin with; a later entry of the same path replaces an earlier
 * one; directories that are not in the archive are made up.
 *
 * # Errors
 * All methods: invalid-argument, for paths with `..`, through what is no directory, too long or too
 * deep, for hard links to nothing, and for too many entries. They name the path.
 */
export class LayerTree {
  #entryCount = 0;
  #lastInode = 0;
  /** Of the inodes that have more than one name. */
  readonly #linkCounts = new Map<number, number>();
  readonly #root: DraftEntry;

  constructor() {
    this.#root = this.#draft('', directoryFacts());
  }

  add(path: string, facts: FileFacts): void {
    const { parent, name } = this.#place(path);
    if (parent === undefined) {
      if (facts.kind !== 'directory') throw refused(path, 'the root must be a directory');
      Object.assign(this.#root, facts);
      return;
    }
    if (name.startsWith(WHITEOUT_PREFIX)) {
      this.#addMark(parent, name, path);
      return;
    }
    const present = parent.children.get(name);
    if (present?.kind === 'directory' && facts.kind === 'directory' && !present.isWhiteout) {
      Object.assign(present, facts);
      return;
    }
    const entry = this.#draft(name, facts);
    // The archive hides what lower layers have there and puts a directory of its own: it is not
    // merged with theirs.
    if (present?.isWhiteout && facts.kind === 'directory') entry.isOpaque = true;
    this.#replace(parent, entry);
  }

  /** Gives the file at `target`, which must be in this layer already, one more name. */
  addHardLink(path: string, target: string): void {
    const { parent, name } = this.#place(path);
    const origin = this.#place(target);
    const file = origin.parent?.children.get(origin.name);
    if (!file || file.isWhiteout || file.kind === 'directory' || !parent) {
      throw refused(path, `hard link to ${target}, which is no file of this layer`);
    }
    if (parent.children.get(name) === file) return;
    const entry: DraftEntry = { ...file, name };
    this.#count();
    this.#replace(parent, entry);
    this.#linkCounts.set(file.inode, (this.#linkCounts.get(file.inode) ?? 1) + 1);
  }

  finish(): LayerEntry {
    this.#settle(this.#root);
    return this.#root;
  }

  /** Writes the numbers of links, which are known only now. */
  #settle(entry: DraftEntry): void {
    let directories = 0;
    for (const child of entry.children.values()) {
      if (child.kind === 'directory') directories += 1;
      this.#settle(child);
    }
    entry.linkCount =
      entry.kind === 'directory' ? 2 + directories : (this.#linkCounts.get(entry.inode) ?? 1);
  }

  #addMark(parent: DraftEntry, name: string, path: string): void {
    if (name === OPAQUE_MARK) {
      parent.isOpaque = true;
      return;
    }
    if (name.startsWith(MARK_PREFIX)) return;
    const hidden = name.slice(WHITEOUT_PREFIX.length);
    if (hidden === '' || hidden === '.' || hidden === '..') throw refused(path, 'hides nothing');
    const present = parent.children.get(hidden);
    if (!present) {
      const mark = this.#draft(hidden, { ...directoryFacts(), kind: 'regular', mode: 0 });
      mark.isWhiteout = true;
      parent.children.set(hidden, mark);
    } else if (present.kind === 'directory') {
      // A whiteout is about lower layers: what this layer has under the name stays.
      present.isOpaque = true;
    }
  }

  #replace(parent: DraftEntry, entry: DraftEntry): void {
    const present = parent.children.get(entry.name);
    const links = present && this.#linkCounts.get(present.inode);
    if (present && links !== undefined) this.#linkCounts.set(present.inode, links - 1);
    parent.children.set(entry.name, entry);
  }

  /** Where the path leads; without a parent it is the root. */
  #place(path: string): { parent: DraftEntry | undefined; name: string } {
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    if (names.includes('..')) throw refused(path, "'..' in a path");
    if (names.length > MAX_LAYER_DEPTH) throw refused(path, `more than ${MAX_LAYER_DEPTH} names`);
    for (const name of names) {
      if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw refused(path, 'a name is too long');
      if (name.includes('\0')) throw refused(path, 'a null byte in a name');
    }
    const last = names.pop();
    if (last === undefined) return { parent: undefined, name: '' };
    let parent = this.#root;
    for (const name of names) parent = this.#directoryIn(parent, name, path);
    return { parent, name: last };
  }

  #directoryIn(parent: DraftEntry, name: string, path: string): DraftEntry {
    const present = parent.children.get(name);
    if (present && !present.isWhiteout) {
      if (present.kind !== 'directory') throw refused(path, `${name} is no directory`);
      return present;
    }
    const made = this.#draft(name, directoryFacts());
    if (present?.isWhiteout) made.isOpaque = true;
    parent.children.set(name, made);
    return made;
  }

  #draft(name: string, facts: FileFacts): DraftEntry {
    this.#count();
    this.#lastInode += 1;
    return {
      name,
      ...facts,
      inode: this.#lastInode,
      linkCount: 1,
      children: new Map(),
      isWhiteout: false,
      isOpaque: false,
    };
  }

  #count(): void {
    this.#entryCount += 1;
    if (this.#entryCount <= MAX_ENTRIES) return;
    throw new EngineError('invalid-argument', `invalid layer: more than ${MAX_ENTRIES} files`);
  }
}

function directoryFacts(): FileFacts & { kind: LayerEntryKind } {
  return {
    kind: 'directory',
    mode: DEFAULT_DIRECTORY_MODE,
    uid: 0,
    gid: 0,
    modifiedNs: 0n,
    sizeBytes: 0,
    offset: 0,
    linkTarget: '',
    rdev: 0,
    xattrs: NO_LAYER_XATTRS,
  };
}

const MAX_SHOWN_PATH = 200;

function refused(path: string, reason: string): EngineError {
  const shown = path.length > MAX_SHOWN_PATH ? `${path.slice(0, MAX_SHOWN_PATH)}…` : path;
  return new EngineError('invalid-argument', `invalid layer: ${JSON.stringify(shown)}: ${reason}`);
}
