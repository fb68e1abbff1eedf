import { ERRNO } from '../base/errno.ts';
import type { Alias, NodeKind } from '../vfs/contract.ts';
import type { OpenOptions } from '../vfs/file-tree.ts';
import type { PathAt } from '../vfs/path-walk.ts';
import {
  DirectoryHandle,
  type FileDescription,
  FileHandle,
  type OpenAccess,
  type StatusFlags,
  StreamHandle,
} from './file-description.ts';
import type { Process } from './process.ts';
import type { Thread } from './thread.ts';

export interface FileOpening {
  readonly access: OpenAccess;
  readonly flags: StatusFlags;
  /** `permissions` before the umask. */
  readonly options: OpenOptions;
}

/**
 * open(2) for a thread (and a child of it that has none yet): what a path names as a new
 * description. `would-block`: a FIFO whose other end nobody has; the call is to be tried again.
 */
export function openFile(
  thread: Thread,
  at: PathAt,
  { access, flags, options }: FileOpening,
  process: Process = thread.process,
): FileDescription | 'would-block' {
  const { system } = process;
  const opened = system.files.open(at, {
    ...options,
    permissions: options.permissions & ~process.umask,
  });
  switch (opened.type) {
    case 'directory':
      return new DirectoryHandle(opened.directory);
    case 'file':
      return new FileHandle(opened.file, access, flags, opened);
    case 'fifo':
      return system.pipes.openFifo(thread, opened, access, flags);
    case 'alias':
      return descriptionOf(process, opened.alias);
  }
}

/** mkdir(2). */
export function makeDirectory(process: Process, at: PathAt, permissions: number): void {
  process.system.files.makeDirectory(at, permissions & ~process.umask);
}

/** mknod(2) for what needs no device: a FIFO, a socket's name, or an empty file. */
export function makeNode(
  process: Process,
  at: PathAt,
  kind: NodeKind | 'regular',
  permissions: number,
): void {
  const { files } = process.system;
  const allowed = permissions & ~process.umask;
  if (kind !== 'regular') {
    files.makeNode(at, kind, allowed);
    return;
  }
  const opened = files.open(at, { ...NEW_FILE, permissions: allowed });
  if (opened.type === 'file') opened.file.close();
}

const NEW_FILE = {
  read: false,
  write: true,
  create: true,
  exclusive: true,
  directory: false,
  truncate: false,
  followLast: false,
} as const;

/** The terminal, or another process's open file, that a file stands for. */
function descriptionOf(process: Process, alias: Alias): FileDescription {
  if (alias === 'controlling-terminal') {
    const { terminal } = process.session;
    if (!terminal) throw ERRNO.ENXIO;
    return new StreamHandle({ source: terminal, sink: terminal, terminal, name: '/dev/tty' });
  }
  const owner = process.system.processes.get(alias.pid);
  if (!owner) throw ERRNO.ENOENT;
  return owner.fds.get(alias.fd).description;
}
