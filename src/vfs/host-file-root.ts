import { ERRNO } from '../base/errno.ts';
import type {
  Attributes,
  AttributesChange,
  FileKind,
  OpenFile,
  OpenMode,
  Xattrs,
} from './contract.ts';
import { type HostStat, translated } from './host-files.ts';
import { changeTimes, type HostFileOwner, openHostFile } from './host-open-file.ts';
import type { HostRoot } from './host-paths.ts';
import { LeafVnode } from './leaf-vnode.ts';

/** The file system of which the file is all there is. */
interface HostFileRootOwner extends HostFileOwner {
  readonly hostRoot: HostRoot;
}

/**
 * A single file of the host. Only on Linux it stays the same file when the host puts another in its
 * place.
 */
export class HostFileRoot extends LeafVnode {
  override readonly kind: FileKind;
  readonly #fileSystem: HostFileRootOwner;

  constructor(fileSystem: HostFileRootOwner, kind: FileKind) {
    super();
    this.#fileSystem = fileSystem;
    this.kind = kind;
  }

  override attributes(): Attributes {
    return translated(() => this.#fileSystem.attributesOf(this.#fileSystem.hostRoot.stat()));
  }

  override change(change: AttributesChange): void {
    const { host, hostRoot, isReadOnly } = this.#fileSystem;
    if (isReadOnly) throw ERRNO.EROFS;
    translated(() => {
      if (change.sizeBytes !== undefined) {
        if (this.kind !== 'regular') throw ERRNO.EINVAL;
        const file = this.open(WRITE_ONLY);
        file.change({ sizeBytes: change.sizeBytes });
        file.close();
      }
      const stat = (): HostStat => hostRoot.stat();
      this.#fileSystem.ownership.change(change, stat, (mode) => {
        host.fs.chmodSync(hostRoot.path, mode);
      });
      changeTimes(change, stat, (accessed, modified) =>
        host.fs.utimesSync(hostRoot.path, accessed, modified),
      );
    });
  }

  override xattrs(): Xattrs {
    const { ownership, hostRoot, isReadOnly } = this.#fileSystem;
    const checkWritable = (): void => {
      if (isReadOnly) throw ERRNO.EROFS;
    };
    return ownership.xattrs(this.kind, () => translated(() => hostRoot.stat()), checkWritable);
  }

  override open(mode: OpenMode): OpenFile {
    checkKindToOpen(this.kind);
    const { hostRoot, isReadOnly, host } = this.#fileSystem;
    if (isReadOnly && (mode.write || mode.truncate)) throw ERRNO.EROFS;
    // The path is the kernel's own link to the file that is open, on the hosts that have such
    // paths.
    const isTrustedLink = host.platform === 'linux';
    return translated(() => openHostFile(this.#fileSystem, hostRoot.path, mode, { isTrustedLink }));
  }
}

const WRITE_ONLY: OpenMode = { read: false, write: true, truncate: false };

/** Throws what a kind answers that is not opened here. */
export function checkKindToOpen(kind: FileKind): void {
  if (kind === 'regular') return;
  if (kind === 'directory') throw ERRNO.EISDIR;
  if (kind === 'symlink') throw ERRNO.ELOOP;
  throw kind === 'fifo' || kind === 'socket' ? ERRNO.ENXIO : ERRNO.EACCES;
}
