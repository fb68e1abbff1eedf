/**
 * The currency between whoever produces a file system and whoever runs a container on it
 * (containerd's idea): plain data that can be sent to another process.
 */
export interface Rootfs {
  /** Read-only layers, the topmost first. */
  readonly layers: readonly LayerSource[];
  /** An ordinary host directory that takes all writes (OCI whiteout names). */
  readonly upperdir: string;
}

/**
 * One layer as an indexed archive: the uncompressed tar, and the index that tells where each file's
 * bytes are.
 */
export interface LayerSource {
  readonly diffId: string;
  readonly archivePath: string;
  readonly indexPath: string;
}

export interface BindMount {
  /** Absolute path of a directory or file on the host. */
  readonly source: string;
  /** Absolute path inside the container. */
  readonly target: string;
  readonly isReadOnly: boolean;
}
