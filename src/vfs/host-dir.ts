import { ERRNO, errnoOfHostError } from '../base/errno.ts';
import type {
  Attributes,
  AttributesChange,
  DirectoryEntry,
  FileKind,
  FileSystem,
  FileSystemStatistics,
  NodeKind,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { checkName } from './file-name.ts';
import { HostEntry, kindOfDirent } from './host-entry.ts';
import { checkKindToOpen, HostFileRoot } from './host-file-root.ts';
import { type HostFiles, type HostStat, hostLstat, kindOfStat, translated } from './host-files.ts';
import {
  changeTimes,
  type HostFileOwner,
  hostSize,
  openHostFile,
  syncDescriptor,
} from './host-open-file.ts';
import { HostOwnership } from './host-ownership.ts';
import {
  changeModeAt,
  type HostDirectory,
  type HostIdentity,
  type HostPaths,
  type HostRoot,
  isSameFile,
} from './host-paths.ts';
import type { Sidecar } from './sidecar.ts';
import { statisticsOf } from './statistics.ts';
import type { StorageQuota } from './storage-quota.ts';
import { WeakChildren } from './weak-children.ts';

/**
 * A directory or a single file of the host as a file system: what a bind mount, a volume and an
 * upperdir are.
 *
 * What a guest names stays below the root: names are single components, no symbolic link of the
 * host is ever followed, and directories are reached as `host-paths.ts` tells. FIFOs, sockets and
 * devices of the host are seen but not opened: ENXIO and EACCES. Names that are not UTF-8 are not
 * seen.
 *
 * Files get the mode asked for, less the umask of our process, and never set-id bits on the host:
 * they would be a host user's.
 */
export interface HostDirectoryOptions {
  /** Absolute path on the host. */
  readonly source: string;
  /**
   * All links in `source` were resolved: one that is there now was put there to lead us elsewhere,
   * and is refused. (A container may have a directory above the source of another one's mount.)
   */
  readonly isSourceResolved?: boolean;
  /** The device number that guests see. */
  readonly device: bigint;
  readonly isReadOnly: boolean;
  /**
   * What keeps what the host cannot (`host-ownership.ts` tells what that is). Borrowed; there must
   * be no other writer of the directory's files that has one.
   */
  readonly sidecar?: Sidecar | undefined;
  /** Bounds what the directory holds; has counted what is there. Borrowed, for this writer only. */
  readonly quota?: StorageQuota | undefined;
}

/** Throws what the host answers for `source`, as an Errno. `paths` is borrowed. */
export function openHostDirectory(paths: HostPaths, options: HostDirectoryOptions): FileSystem {
  return translated(() => {
    const root = paths.openRoot(options.source, { isResolved: options.isSourceResolved === true });
    try {
      return new HostDir(paths, root, options);
    } catch (thrown) {
      root[Symbol.dispose]();
      throw thrown;
    }
  });
}

class HostDir implements FileSystem, HostFileOwner {
  readonly typeName = 'wolffia';
  readonly paths: HostPaths;
  readonly host: HostFiles;
  readonly root: Vnode;
  readonly isReadOnly: boolean;
  readonly hostRoot: HostRoot;
  readonly ownership: HostOwnership;
  readonly quota: StorageQuota | undefined;
  readonly #device: bigint;
  readonly #rootDevice: bigint;

  constructor(paths: HostPaths, hostRoot: HostRoot, options: HostDirectoryOptions) {
    this.paths = paths;
    this.host = paths.host;
    this.hostRoot = hostRoot;
    this.isReadOnly = options.isReadOnly;
    this.#device = options.device;
    const stat = hostRoot.stat();
    this.#rootDevice = stat.dev;
    if (options.sidecar) options.sidecar.rootDevice = stat.dev;
    this.ownership = new HostOwnership(options.sidecar);
    this.quota = options.quota;
    const kind = kindOfStat(stat);
    this.root =
      kind === 'directory'
        ? new HostNode(this, undefined, '', kind, stat)
        : new HostFileRoot(this, kind);
  }

  attributesOf(stat: HostStat): Attributes {
    const { kind, mode, uid, gid } = this.ownership.factsOf(stat);
    return {
      kind,
      // Inodes are unique within one device, and the host may have mounted others below our root.
      device: stat.dev === this.#rootDevice ? this.#device : this.#device | (stat.dev << 32n),
      inode: stat.ino,
      linkCount: Number(stat.nlink),
      sizeBytes: Number(stat.size),
      blocks: Number(stat.blocks),
      rdev: stat.rdev,
      mode,
      uid,
      gid,
      accessedNs: stat.atimeNs,
      modifiedNs: stat.mtimeNs,
      changedNs: stat.ctimeNs,
    };
  }

  statistics(): FileSystemStatistics {
    const host = translated(() => statisticsOf(this.host.fs.statfsSync(this.hostRoot.path)));
    return this.quota ? this.quota.narrow(host) : host;
  }

  /** Runs what may remove the file at `path`, and takes note of that. */
  removing(path: string, remove: () => void): void {
    const { ownership, quota } = this;
    const isNoted = quota !== undefined || ownership.isKeeping;
    const stat = isNoted ? this.host.fs.lstatSync(path, LSTAT_OPTIONS) : undefined;
    remove();
    if (!stat) return;
    ownership.forget(stat);
    quota?.removed(stat);
  }

  [Symbol.dispose](): void {
    this.hostRoot[Symbol.dispose]();
  }
}

/** A file of any kind in a mounted directory, named by its directory and its name there. */
class HostNode implements Vnode, HostDirectory {
  readonly kind: FileKind;
  readonly identity: HostIdentity;
  readonly root: HostRoot;
  readonly #fileSystem: HostDir;
  readonly #host: HostFiles;
  #parent: HostNode | undefined;
  #name: string;
  #directories: WeakChildren<HostNode> | undefined;

  constructor(
    fileSystem: HostDir,
    parent: HostNode | undefined,
    name: string,
    kind: FileKind,
    stat: HostStat,
  ) {
    this.#fileSystem = fileSystem;
    this.#host = fileSystem.host;
    this.root = fileSystem.hostRoot;
    this.#parent = parent;
    this.#name = name;
    this.kind = kind;
    this.identity = { dev: stat.dev, ino: stat.ino };
  }

  get parent(): HostDirectory | undefined {
    return this.#parent;
  }

  get name(): string {
    return this.#name;
  }

  attributes(): Attributes {
    return translated(() => this.#fileSystem.attributesOf(this.#stat()));
  }

  change(change: AttributesChange): void {
    this.#checkWritable();
    translated(() => {
      if (change.sizeBytes !== undefined) this.#changeSize(change.sizeBytes);
      const stat = (): HostStat => this.#stat();
      this.#fileSystem.ownership.change(change, stat, (mode) => {
        changeModeAt(this.#host, this.#ownPath(), mode);
      });
      changeTimes(change, stat, (accessed, modified) =>
        this.#host.fs.lutimesSync(this.#ownPath(), accessed, modified),
      );
    });
  }

  xattrs(): Xattrs {
    const stat = (): HostStat => translated(() => this.#stat());
    return this.#fileSystem.ownership.xattrs(this.kind, stat, () => this.#checkWritable());
  }

  lookup(name: string): Vnode {
    return translated(() => this.#nodeOf(name, hostLstat(this.#host, this.#entryPath(name))));
  }

  list(): readonly DirectoryEntry[] {
    if (this.kind !== 'directory') throw ERRNO.ENOTDIR;
    return translated(() => {
      const path = this.#fileSystem.paths.pathOf(this);
      const { isKeeping } = this.#fileSystem.ownership;
      const entries: DirectoryEntry[] = [];
      for (const dirent of this.#host.fs.readdirSync(path, { withFileTypes: true })) {
        const { name } = dirent;
        // Its name may be no UTF-8, and have been mangled on the way to us.
        if (name.includes(REPLACEMENT) && !this.#look(name)) continue;
        const kind = kindOfDirent(dirent);
        // What is regular on the host may be kept to be a FIFO.
        const certain = isKeeping && kind === 'regular' ? undefined : kind;
        entries.push(new HostEntry(name, certain, (wanted) => this.#look(wanted)));
      }
      return entries;
    });
  }

  /** Undefined when there is no such file, or this directory is gone. */
  #look(name: string): Omit<DirectoryEntry, 'name'> | undefined {
    try {
      const path = this.#fileSystem.paths.pathOf(this);
      const stat = this.#host.fs.lstatSync(`${path}/${name}`, LSTAT_OPTIONS);
      return stat && { kind: this.#fileSystem.ownership.kindOf(stat), inode: stat.ino };
    } catch (thrown) {
      errnoOfHostError(thrown);
      return undefined;
    }
  }

  readLink(): string {
    if (this.kind !== 'symlink') throw ERRNO.EINVAL;
    return translated(() => this.#host.fs.readlinkSync(this.#ownPath()));
  }

  open(mode: OpenMode): OpenFile {
    checkKindToOpen(this.kind);
    if (mode.write || mode.truncate) this.#checkWritable();
    return translated(() => openHostFile(this.#fileSystem, this.#ownPath(), mode));
  }

  createFile(name: string, permissions: number, mode: OpenMode): OpenFile {
    return translated(() => {
      const path = this.#writableEntryPath(name);
      return openHostFile(this.#fileSystem, path, mode, { created: permissions });
    });
  }

  makeDirectory(name: string, permissions: number): void {
    translated(() => {
      const { ownership, quota } = this.#fileSystem;
      const path = this.#writableEntryPath(name);
      const mode = ownership.hostMode(permissions, true);
      this.#host.fs.mkdirSync(path, { mode, recursive: false });
      try {
        ownership.noteCreated(permissions, () => hostLstat(this.#host, path), true);
        quota?.takeDirectory();
      } catch (thrown) {
        this.#host.fs.rmdirSync(path);
        throw thrown;
      }
    });
  }

  makeSymlink(name: string, target: string): void {
    translated(() => this.#host.fs.symlinkSync(target, this.#writableEntryPath(name)));
  }

  makeNode(name: string, kind: NodeKind, permissions: number): void {
    translated(() => {
      const path = this.#writableEntryPath(name);
      const { fs } = this.#host;
      const { ownership } = this.#fileSystem;
      if (!ownership.keepsNodes) throw ERRNO.EPERM;
      const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
      const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL, ownership.hostMode(0, false));
      try {
        ownership.noteNode(kind, permissions, () => fs.fstatSync(fd, { bigint: true }));
      } catch (thrown) {
        fs.unlinkSync(path);
        throw thrown;
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  makeLink(name: string, target: Vnode): void {
    if (!(target instanceof HostNode) || target.#fileSystem !== this.#fileSystem) {
      throw ERRNO.EXDEV;
    }
    if (target.kind === 'directory') throw ERRNO.EPERM;
    // Other hosts than Linux would give the link's target another name, not the link.
    if (target.kind === 'symlink' && this.#host.platform !== 'linux') throw ERRNO.EPERM;
    translated(() => this.#host.fs.linkSync(target.#ownPath(), this.#writableEntryPath(name)));
  }

  removeFile(name: string): void {
    translated(() => {
      const path = this.#writableEntryPath(name);
      // Hosts answer EISDIR or EPERM for a directory; guests are to see one answer.
      if (this.#host.platform !== 'linux') {
        if (kindOfStat(hostLstat(this.#host, path)) === 'directory') throw ERRNO.EISDIR;
      }
      this.#fileSystem.removing(path, () => this.#host.fs.unlinkSync(path));
    });
  }

  removeDirectory(name: string): void {
    translated(() => {
      const path = this.#writableEntryPath(name);
      if (this.#host.platform !== 'linux') {
        if (kindOfStat(hostLstat(this.#host, path)) !== 'directory') throw ERRNO.ENOTDIR;
      }
      this.#fileSystem.removing(path, () => this.#host.fs.rmdirSync(path));
      this.#directories?.take(name);
    });
  }

  async sync(): Promise<void> {
    const { fs, platform } = this.#host;
    // Windows has no such thing: its file systems keep names in a log of their own.
    if (this.kind !== 'directory' || platform === 'win32') return;
    const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants;
    const fd = translated(() => fs.openSync(this.#ownPath(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    try {
      await syncDescriptor(fs, fd, false);
      await this.#fileSystem.ownership.sync();
    } catch (thrown) {
      throw errnoOfHostError(thrown);
    } finally {
      fs.closeSync(fd);
    }
  }

  rename(name: string, newParent: Vnode, newName: string): void {
    if (!(newParent instanceof HostNode) || newParent.#fileSystem !== this.#fileSystem) {
      throw ERRNO.EXDEV;
    }
    translated(() => {
      const from = this.#writableEntryPath(name);
      const to = newParent.#writableEntryPath(newName);
      if (from === to) {
        hostLstat(this.#host, from);
        return;
      }
      this.#fileSystem.removing(to, () => this.#host.fs.renameSync(from, to));
      newParent.#directories?.take(newName);
      const moved = this.#directories?.take(name);
      // Where the host has moved directories meanwhile, the way to `newParent` may be one that no
      // longer exists.
      if (moved && !newParent.#isBelow(moved)) newParent.#adopt(moved, newName);
    });
  }

  /**
   * What stands in this directory under `name`. A directory that is known already is the same
   * vnode.
   */
  #nodeOf(name: string, stat: HostStat): HostNode {
    const kind = this.#fileSystem.ownership.kindOf(stat);
    if (kind !== 'directory') return new HostNode(this.#fileSystem, this, name, kind, stat);
    const known = this.#directories?.get(name);
    if (known && isSameFile(known.identity, stat)) return known;
    const found = new HostNode(this.#fileSystem, this, name, kind, stat);
    this.#adopt(found, name);
    return found;
  }

  #adopt(directory: HostNode, name: string): void {
    directory.#parent = this;
    directory.#name = name;
    this.#directories ??= new WeakChildren();
    this.#directories.set(name, directory);
  }

  #isBelow(directory: HostNode): boolean {
    for (let at: HostNode | undefined = this; at; at = at.#parent)
      if (at === directory) return true;
    return false;
  }

  #checkWritable(): void {
    if (this.#fileSystem.isReadOnly) throw ERRNO.EROFS;
  }

  #stat(): HostStat {
    return hostLstat(this.#host, this.#ownPath());
  }

  /** A path that names this file and of which no part is a link, but perhaps the file itself. */
  #ownPath(): string {
    const { paths } = this.#fileSystem;
    if (!this.#parent) return `${this.root.path}/.`;
    const open = this.kind === 'directory' ? paths.openPathOf(this) : undefined;
    return open === undefined ? `${paths.pathOf(this.#parent)}/${this.#name}` : `${open}/.`;
  }

  #entryPath(name: string): string {
    if (this.kind !== 'directory') throw ERRNO.ENOTDIR;
    checkName(name);
    if (this.#host.platform === 'win32') checkWindowsName(name);
    return `${this.#fileSystem.paths.pathOf(this)}/${name}`;
  }

  #writableEntryPath(name: string): string {
    const path = this.#entryPath(name);
    this.#checkWritable();
    return path;
  }

  #changeSize(sizeBytes: number): void {
    if (this.kind === 'directory') throw ERRNO.EISDIR;
    if (this.kind !== 'regular') throw ERRNO.EINVAL;
    const size = hostSize(sizeBytes);
    const file = openHostFile(this.#fileSystem, this.#ownPath(), WRITE_ONLY);
    try {
      file.change({ sizeBytes: size });
    } finally {
      file.close();
    }
  }
}

/** What a decoder puts for bytes that are no UTF-8. */
const REPLACEMENT = '\u{fffd}';
const LSTAT_OPTIONS = { bigint: true, throwIfNoEntry: false } as const;
const WRITE_ONLY: OpenMode = { read: false, write: true, truncate: false };

const WINDOWS_FORBIDDEN = /[<>:"\\|?*]|[. ]$/;
const WINDOWS_DEVICES = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)/i;
const FIRST_PRINTABLE = ' ';

/** Names that Windows reads as paths, streams, devices or other names. Throws EINVAL. */
function checkWindowsName(name: string): void {
  if (WINDOWS_FORBIDDEN.test(name) || WINDOWS_DEVICES.test(name)) throw ERRNO.EINVAL;
  for (const character of name) if (character < FIRST_PRINTABLE) throw ERRNO.EINVAL;
}
