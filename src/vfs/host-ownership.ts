import { ERRNO } from '../base/errno.ts';
import type { AttributesChange, FileKind, NodeKind, Xattrs } from './contract.ts';
import { type HostStat, kindOfStat, permissionsOfStat } from './host-files.ts';
import { type KeptFacts, NOTHING_KEPT, type Sidecar } from './sidecar.ts';
import { EMPTY_XATTRS, NO_XATTRS, StoredXattrs } from './xattrs.ts';

/** Whom all files of the host belong to, as guests see it: the container's root. */
const VIRTUAL_OWNER = 0;
/** Set-id bits would be a host user's, and the sticky bit says nothing to us. */
const HOST_MODE = 0o777;
/** What we need to use a file ourselves, whatever a guest makes of its mode. */
const OWNER_FILE_BITS = 0o600;
const OWNER_DIRECTORY_BITS = 0o700;

/** What guests see of a file that is not, or not as they see it, the host's. */
export interface VirtualFacts {
  readonly kind: FileKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whose the files of a host directory are, in the eyes of guests: the container's root's, unless a
 * guest gave them to somebody else. What the host cannot keep is in the sidecar, where there is
 * one. What a guest set once holds, whatever the host says later.
 *
 * Without a sidecar modes are the host's, less the bits that would mean a user of the host, other
 * owners are refused (EPERM), and there are no extended attributes (ENOTSUP), FIFOs and sockets
 * (EPERM).
 */
export class HostOwnership {
  readonly #sidecar: Sidecar | undefined;

  /** Borrows `sidecar`. */
  constructor(sidecar: Sidecar | undefined) {
    this.#sidecar = sidecar;
  }

  /** The mode that a file gets on the host for the one that guests see. */
  hostMode(mode: number, isDirectory: boolean): number {
    const allowed = mode & HOST_MODE;
    if (!this.#sidecar) return allowed;
    return allowed | (isDirectory ? OWNER_DIRECTORY_BITS : OWNER_FILE_BITS);
  }

  kindOf(stat: HostStat): FileKind {
    const kind = kindOfStat(stat);
    if (kind !== 'regular' || stat.size !== 0n) return kind;
    return this.#sidecar?.find(stat)?.kind ?? kind;
  }

  factsOf(stat: HostStat): VirtualFacts {
    const kept = this.#sidecar?.find(stat);
    const kind = kindOfStat(stat);
    const mode = permissionsOfStat(stat);
    if (!kept) return { kind, mode, uid: VIRTUAL_OWNER, gid: VIRTUAL_OWNER };
    return {
      kind: kept.kind ?? kind,
      mode: kept.mode ?? mode,
      uid: kept.uid ?? VIRTUAL_OWNER,
      gid: kept.gid ?? VIRTUAL_OWNER,
    };
  }

  /**
   * Changes mode and owner of the file that `stat` and `changeHostMode` are about, which are called
   * at need. Throws ENOTSUP for the mode of a symbolic link; EPERM, ENOSPC.
   */
  change(
    change: AttributesChange,
    stat: () => HostStat,
    changeHostMode: (mode: number) => void,
  ): void {
    const { mode, uid, gid } = change;
    if (mode === undefined && uid === undefined && gid === undefined) return;
    const present = this.#sidecar || mode !== undefined ? stat() : undefined;
    const kind = present && kindOfStat(present);
    if (mode !== undefined && kind === 'symlink') throw ERRNO.ENOTSUP;
    const hostMode = mode === undefined ? 0 : this.hostMode(mode, kind === 'directory');
    if (this.#sidecar && present) {
      const kept = this.#sidecar.find(present) ?? NOTHING_KEPT;
      const keptMode = mode === undefined ? kept.mode : different(mode, hostMode);
      this.#keep(present, kept, {
        ...kept,
        mode: keptMode,
        uid: different(uid ?? kept.uid ?? VIRTUAL_OWNER, VIRTUAL_OWNER),
        gid: different(gid ?? kept.gid ?? VIRTUAL_OWNER, VIRTUAL_OWNER),
      });
    } else if ((uid ?? VIRTUAL_OWNER) !== VIRTUAL_OWNER || (gid ?? 0) !== VIRTUAL_OWNER) {
      throw ERRNO.EPERM;
    }
    if (mode !== undefined) changeHostMode(hostMode);
  }

  /**
   * Keeps what the host did not take of a new file, which has the mode that `hostMode` says for
   * `permissions`. Throws ENOSPC: the caller removes the file then.
   */
  noteCreated(permissions: number, stat: () => HostStat, isDirectory = false): void {
    if (!this.#sidecar || permissions === this.hostMode(permissions, isDirectory)) return;
    this.#sidecar.keep(stat(), { ...NOTHING_KEPT, mode: permissions });
  }

  /** Makes an empty file a FIFO or socket. Throws EPERM, ENOSPC as above. */
  noteNode(kind: NodeKind, permissions: number, stat: () => HostStat): void {
    if (!this.#sidecar) throw ERRNO.EPERM;
    this.#sidecar.keep(stat(), { ...NOTHING_KEPT, kind, mode: permissions });
  }

  /** Whether files may be made FIFOs and sockets. */
  get keepsNodes(): boolean {
    return this.#sidecar !== undefined;
  }

  xattrs(kind: FileKind, stat: () => HostStat, checkWritable: () => void): Xattrs {
    const sidecar = this.#sidecar;
    if (!sidecar) return NO_XATTRS;
    return new StoredXattrs(kind, {
      read: () => sidecar.find(stat())?.xattrs ?? EMPTY_XATTRS,
      write: (xattrs) => {
        checkWritable();
        const present = stat();
        const kept = sidecar.find(present) ?? NOTHING_KEPT;
        this.#keep(present, kept, { ...kept, xattrs: xattrs.size > 0 ? xattrs : undefined });
      },
    });
  }

  /** Whether there is anything that could be forgotten. */
  get isKeeping(): boolean {
    return this.#sidecar?.isEmpty === false;
  }

  /** To be called when a name is gone; `stat`: from before. */
  forget(stat: HostStat): void {
    const isLast = stat.nlink === 1n || kindOfStat(stat) === 'directory';
    if (isLast) this.#sidecar?.forget(stat);
  }

  async sync(): Promise<void> {
    await this.#sidecar?.sync();
  }

  #keep(stat: HostStat, kept: KeptFacts, facts: KeptFacts): void {
    if (isSame(kept, facts)) return;
    if (isSame(facts, NOTHING_KEPT)) this.#sidecar?.forget(stat);
    else this.#sidecar?.keep(stat, facts);
  }
}

function different(value: number, usual: number): number | undefined {
  return value === usual ? undefined : value;
}

function isSame(one: KeptFacts, other: KeptFacts): boolean {
  const names = ['kind', 'mode', 'uid', 'gid', 'xattrs'] as const;
  return names.every((name) => one[name] === other[name]);
}
