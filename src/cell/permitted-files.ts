import { type HostFileCalls, type HostFiles, withCalls } from '../vfs/host-files.ts';

/** A file that is to be on stable storage, as the daemon finds it. */
export interface SyncRequest {
  readonly path: string;
  /** Decimal: they tell whether what is at the path is still the file. */
  readonly device: string;
  readonly inode: string;
  readonly dataOnly: boolean;
}

/** Lets the daemon do it; answers Node's error code, undefined when it is done. */
export type SyncAsker = (request: SyncRequest) => Promise<string | undefined>;

/** The daemon found another file at the path: it was renamed on the way. */
const STALE = 'ESTALE';
const MAX_ATTEMPTS = 16;

/**
 * The machine's files as Node's permission model, which keeps cells from starting programs, leaves
 * them to a cell. Since 24.13 it refuses some calls on descriptors that it allows on paths (fchmod,
 * futimes), and those that make files durable altogether. On Linux the former go by the
 * descriptor's path in /proc, and the latter are done by the daemon, by the file's own path.
 */
export function permittedFiles(files: HostFiles, ask: SyncAsker): HostFiles {
  if (files.platform !== 'linux') return files;
  const { fs } = files;
  const syncing =
    (dataOnly: boolean): HostFileCalls['fsync'] =>
    (fd, callback) => {
      syncByDaemon(fs, fd, dataOnly, ask).then(() => callback(null), callback);
    };
  const calls: Partial<HostFileCalls> = {
    fchmodSync: (fd, mode) => fs.chmodSync(descriptorPath(fd), mode),
    futimesSync: (fd, accessed, modified) => fs.utimesSync(descriptorPath(fd), accessed, modified),
    fsync: syncing(false),
    // It cannot wait for the daemon: the file is durable soon, rather than now.
    fsyncSync: (fd) => syncing(false)(fd, () => {}),
    fdatasync: syncing(true),
  };
  return { ...files, fs: withCalls(fs, calls) };
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

async function syncByDaemon(
  fs: HostFileCalls,
  fd: number,
  dataOnly: boolean,
  ask: SyncAsker,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { dev, ino, nlink } = fs.fstatSync(fd, { bigint: true });
    // Nobody will look for it after a crash.
    if (nlink === 0n) return;
    const path = fs.readlinkSync(descriptorPath(fd));
    const code = await ask({ path, device: String(dev), inode: String(ino), dataOnly });
    if (code === undefined) return;
    if (code !== STALE) throw Object.assign(new Error(`cannot sync a file: ${code}`), { code });
  }
  throw Object.assign(new Error('the file is renamed faster than it is synced'), { code: 'EIO' });
}
