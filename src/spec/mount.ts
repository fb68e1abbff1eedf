/**
 * The currency between whoever produces a file system and whoever runs a container on it
 * (containerd's idea): plain data that can be sent to another process.
 */
export interface Rootfs {
  /** Read-only layers, the topmost first. */
  readonly layers: readonly LayerSource[];
  /** An ordinary host directory that takes all writes (OCI whiteout names). */
  readonly upperdir: string;
  /** Nothing in it can be changed, once its mounts are made. */
  readonly isReadOnly: boolean;
  /** How much the upperdir may hold; absent: as much as there is room for on the host. */
  readonly sizeLimitBytes?: number;
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

/** A file system in memory. */
export interface TmpfsMount {
  /** Absolute path inside the container. */
  readonly target: string;
  readonly sizeBytes: number;
  /** How many names there may be. */
  readonly maxFiles: number;
  /** Of its root. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly isReadOnly: boolean;
}
