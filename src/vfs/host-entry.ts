import type { DirectoryEntry, FileKind } from './contract.ts';
import type { HostDirent } from './host-files.ts';

/** What a host's listing says of a name; undefined when it does not know. */
export function kindOfDirent(dirent: HostDirent): FileKind | undefined {
  if (dirent.isFile()) return 'regular';
  if (dirent.isDirectory()) return 'directory';
  if (dirent.isSymbolicLink()) return 'symlink';
  if (dirent.isFIFO()) return 'fifo';
  if (dirent.isSocket()) return 'socket';
  if (dirent.isCharacterDevice()) return 'character-device';
  return dirent.isBlockDevice() ? 'block-device' : undefined;
}

/** Shown for a file that is gone by the time somebody asks; 0 would mean "look it up" to libcs. */
const GONE_INODE = 1n;

/**
 * A name in a directory of the host. What the host's listing does not tell is looked up when
 * somebody asks: a directory of many names must not hold everybody up while it is listed.
 */
export class HostEntry implements DirectoryEntry {
  readonly name: string;
  readonly #look: (name: string) => Omit<DirectoryEntry, 'name'> | undefined;
  #kind: FileKind | undefined;
  #inode: bigint | undefined;

  /** `kind`: as far as it is certain. `look` answers undefined for a file that is gone. */
  constructor(
    name: string,
    kind: FileKind | undefined,
    look: (name: string) => Omit<DirectoryEntry, 'name'> | undefined,
  ) {
    this.name = name;
    this.#kind = kind;
    this.#look = look;
  }

  get kind(): FileKind {
    if (this.#kind === undefined) this.#find();
    return this.#kind ?? 'regular';
  }

  get inode(): bigint {
    if (this.#inode === undefined) this.#find();
    return this.#inode ?? GONE_INODE;
  }

  #find(): void {
    const found = this.#look(this.name);
    this.#kind ??= found?.kind ?? 'regular';
    this.#inode = found?.inode ?? GONE_INODE;
  }
}
