import { EngineError } from '../base/engine-error.ts';
import {
  type LayerEntry,
  type LayerEntryKind,
  MAX_LAYER_DEPTH,
  NO_LAYER_XATTRS,
} from './layer-index.ts';

/** Of one layer: each takes some 300 bytes of memory, and a pull has several layers at once. */
const MAX_ENTRIES = 1 << 20;
const MAX_NAME_BYTES = 255;
/** Of a symbolic link, as Linux has it (PATH_MAX less the NUL). */
const MAX_TARGET_BYTES = 4095;
/** As many as Linux follows in a path. */
const MAX_LINKS_FOLLOWED = 40;
/** Of all targets that are followed in one path: an entry must not cost much time. */
const MAX_LINK_CHARACTERS = MAX_TARGET_BYTES;
/**
 * All paths, link targets and extended attributes of a layer, roughly what they take of memory: 128
 * bytes for each of as many files as there may be.
 */
const MAX_TEXT_BYTES = 128 << 20;
/** Pieces of all sparse files of a layer: some 50 MB of memory. */
const MAX_EXTENTS = 1 << 20;

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
  | 'extents'
  | 'linkTarget'
  | 'rdev'
  | 'xattrs'
>;

/** An entry that is being built. */
type DraftEntry = {
  -readonly [Key in keyof Omit<LayerEntry, 'children'>]: LayerEntry[Key];
} & { readonly children: Map<string, DraftEntry> };

/** Where a path leads. */
interface Place {
  /** Undefined for the root. */
  readonly parent: DraftEntry | undefined;
  readonly name: string;
}

/**
 * Builds a layer's tree out of an archive's entries, in the order in which they come. Paths are
 * taken below the root whatever they begin with, and through symbolic links of the layer as if its
 * root were that of the system; a later entry of the same path replaces an earlier one; directories
 * that are not in the archive are made up. docs/reference/layers.md tells all rules.
 *
 * # Errors
 * All methods: invalid-argument, for paths that lead out or through what is no directory, too long
 * or too deep, for hard links to nothing, and for too much of everything. They name the path.
 */
export class LayerTree {
  #entryCount = 0;
  #lastInode = 0;
  #textBytes = 0;
  #extentCount = 0;
  /** Of the inodes that have been given more than one name: how many they have in the end. */
  readonly #linkCounts = new Map<number, number>();
  readonly #root: DraftEntry;
  /** Archives have the files of a directory one after another: where the last one was put. */
  #lastDirectory: { readonly path: string; readonly entry: DraftEntry } | undefined;

  constructor() {
    this.#root = this.#draft('', directoryFacts());
  }

  add(path: string, facts: FileFacts): void {
    this.#countText(path, facts);
    const place = this.#place(path);
    if (!place) return;
    const { parent, name } = place;
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
    this.#replace(parent, entry, present);
  }

  /** Gives the file at `target`, which must be in this layer already, one more name. */
  addHardLink(path: string, target: string): void {
    const place = this.#place(path);
    if (!place) return;
    const { parent, name } = place;
    if (parent && name.startsWith(WHITEOUT_PREFIX)) {
      this.#addMark(parent, name, path);
      return;
    }
    const origin = this.#place(target);
    const file = origin?.parent?.children.get(origin.name);
    if (!file || file.isWhiteout || file.kind === 'directory' || !parent) {
      const shown = JSON.stringify(target.slice(0, MAX_SHOWN_PATH));
      throw refused(path, `hard link to ${shown}, which is no file of this layer`);
    }
    const present = parent.children.get(name);
    if (present === file) return;
    this.#textBytes += path.length;
    this.#count();
    this.#replace(parent, { ...file, name }, present);
    this.#linkCounts.set(file.inode, 0);
  }

  finish(): LayerEntry {
    this.#countLinks(this.#root);
    this.#settle(this.#root);
    return this.#root;
  }

  #countLinks(directory: DraftEntry): void {
    for (const child of directory.children.values()) {
      const count = this.#linkCounts.get(child.inode);
      if (count !== undefined) this.#linkCounts.set(child.inode, count + 1);
      else if (child.kind === 'directory') this.#countLinks(child);
    }
  }

  /** Writes the numbers of links, which are known only now. */
  #settle(directory: DraftEntry): void {
    let linkCount = 2;
    for (const child of directory.children.values()) {
      if (child.kind === 'directory') {
        linkCount += 1;
        this.#settle(child);
      } else {
        child.linkCount = this.#linkCounts.get(child.inode) ?? 1;
      }
    }
    directory.linkCount = linkCount;
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

  #replace(parent: DraftEntry, entry: DraftEntry, present: DraftEntry | undefined): void {
    parent.children.set(entry.name, entry);
    // What was there may have been, or have led to, the last directory.
    if (present) this.#lastDirectory = undefined;
  }

  /** Undefined for what is to be left out: files below a mark. */
  #place(path: string): Place | undefined {
    const end = path.endsWith('/') ? path.length - 1 : path.length;
    const slash = path.lastIndexOf('/', end - 1);
    const name = path.slice(slash + 1, end);
    const directory = path.slice(0, Math.max(slash, 0));
    const isPlain = name !== '' && name !== '.' && name !== '..';
    if (isPlain && this.#lastDirectory?.path === directory) {
      checkName(name, path);
      return { parent: this.#lastDirectory.entry, name };
    }
    const names = cleanPath(path);
    const last = names.pop();
    if (last === undefined) return { parent: undefined, name: '' };
    if (names.some((one) => one.startsWith(WHITEOUT_PREFIX))) return undefined;
    checkName(last, path);
    const parent = this.#directoryAt(names, path);
    if (isPlain) this.#lastDirectory = { path: directory, entry: parent };
    return { parent, name: last };
  }

  /** Walks, and makes the directories that are missing. */
  #directoryAt(names: readonly string[], path: string): DraftEntry {
    const walked = [this.#root];
    // The next name is the last of these.
    const ahead = names.toReversed();
    let linksFollowed = 0;
    let linkCharacters = 0;
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      const here = walked.at(-1) ?? this.#root;
      const present = name === '..' ? undefined : here.children.get(name);
      if (name === '..') {
        if (walked.length > 1) walked.pop();
      } else if (present?.kind === 'symlink') {
        linksFollowed += 1;
        if (linksFollowed > MAX_LINKS_FOLLOWED) throw refused(path, 'too many symbolic links');
        linkCharacters += present.linkTarget.length;
        if (linkCharacters > MAX_LINK_CHARACTERS) throw refused(path, 'too long symbolic links');
        if (present.linkTarget.startsWith('/')) walked.length = 1;
        ahead.push(...splitPath(present.linkTarget).toReversed());
      } else {
        walked.push(this.#directoryIn(here, name, path));
        // One more comes: the name itself.
        if (walked.length > MAX_LAYER_DEPTH) {
          throw refused(path, `more than ${MAX_LAYER_DEPTH} names`);
        }
      }
    }
    return walked.at(-1) ?? this.#root;
  }

  #directoryIn(parent: DraftEntry, name: string, path: string): DraftEntry {
    const present = parent.children.get(name);
    if (present && !present.isWhiteout) {
      if (present.kind !== 'directory') throw refused(path, `${name} is no directory`);
      return present;
    }
    checkName(name, path);
    const made = this.#draft(name, directoryFacts());
    if (present?.isWhiteout) made.isOpaque = true;
    this.#textBytes += name.length;
    this.#replace(parent, made, present);
    return made;
  }

  #draft(name: string, facts: FileFacts): DraftEntry {
    this.#count();
    this.#lastInode += 1;
    return {
      name,
      kind: facts.kind,
      mode: facts.mode,
      uid: facts.uid,
      gid: facts.gid,
      modifiedNs: facts.modifiedNs,
      sizeBytes: facts.sizeBytes,
      offset: facts.offset,
      extents: facts.extents,
      linkTarget: facts.linkTarget,
      rdev: facts.rdev,
      xattrs: facts.xattrs,
      inode: this.#lastInode,
      linkCount: 1,
      children: facts.kind === 'directory' ? new Map() : NO_CHILDREN_YET,
      isWhiteout: false,
      isOpaque: false,
    };
  }

  #count(): void {
    this.#entryCount += 1;
    if (this.#entryCount > MAX_ENTRIES) throw tooMuch(`more than ${MAX_ENTRIES} files`);
    if (this.#textBytes > MAX_TEXT_BYTES) {
      throw tooMuch(`more than ${MAX_TEXT_BYTES} bytes of names and attributes`);
    }
    if (this.#extentCount > MAX_EXTENTS) {
      throw tooMuch(`more than ${MAX_EXTENTS} pieces of sparse files`);
    }
  }

  /** Counted with the next file. */
  #countText(path: string, { linkTarget, xattrs, extents }: FileFacts): void {
    if (path.includes('\0') || linkTarget.includes('\0')) {
      throw refused(path, 'a null byte in a name');
    }
    if (linkTarget !== '' && isLongerThan(linkTarget, MAX_TARGET_BYTES)) {
      throw refused(path, 'the target of the link is too long');
    }
    this.#textBytes += path.length + linkTarget.length;
    for (const [name, { length }] of xattrs) this.#textBytes += name.length + length;
    this.#extentCount += extents?.length ?? 0;
  }
}

/** Of what is no directory, and so gets none. */
const NO_CHILDREN_YET: Map<string, DraftEntry> = new Map();

function splitPath(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/** The names of a path below the root, `..` resolved by the letter. */
function cleanPath(path: string): string[] {
  const names: string[] = [];
  for (const name of splitPath(path)) {
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined && !path.startsWith('/')) {
      throw refused(path, "leads out of the layer by '..'");
    }
  }
  return names;
}

function checkName(name: string, path: string): void {
  if (isLongerThan(name, MAX_NAME_BYTES)) throw refused(path, 'a name is too long');
}

function isLongerThan(text: string, maxBytes: number): boolean {
  // A unit of UTF-16 becomes three bytes at most.
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
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
    extents: undefined,
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

function tooMuch(reason: string): EngineError {
  return new EngineError('invalid-argument', `invalid layer: ${reason}`);
}
