import type { Rootfs } from '../spec/mount.ts';

/** Where a container's files are: its image's layers, and what it wrote itself. */
export type SnapshotSource = Pick<Rootfs, 'layers' | 'upperdir'>;

/**
 * The file systems of containers, seen from outside: by the daemon, which runs no guest code, and
 * while a container may be running and changing them.
 *
 * # What is seen
 * The container's root file system without what is mounted in it: of mounts there are the
 * directories that they are on. Nothing is ever written. What a running container changes meanwhile
 * is seen or not, file by file.
 */
export interface Snapshots {
  /**
   * All files as a tar archive: directories before what is in them, otherwise in the order of their
   * names; the root itself is left out. Hard links, owners, modes, times to the nanosecond and
   * extended attributes are kept. The same files give the same bytes. Sockets are left out, as no
   * archive can hold them.
   *
   * A file that is removed before its turn comes is left out; one that grows or shrinks after its
   * header is written is cut off, or filled up with zeros.
   *
   * Pulls from the disk only as fast as it is pulled from; who stops early calls `return`, as
   * `for await` does.
   *
   * # Errors
   * data-loss (names the file): the host cannot read something that is there
   */
  export(source: SnapshotSource): AsyncGenerator<Uint8Array>;
}
