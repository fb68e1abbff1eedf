import { ERRNO } from '../base/errno.ts';
import type { DirectoryEntry, Vnode } from './contract.ts';
import type { Mount } from './mount-table.ts';
import { mountInfoOf, mountsOf } from './proc-mount-text.ts';
import {
  ProcAlias,
  type ProcContext,
  ProcDirectory,
  type ProcIdentity,
  ProcLink,
  ProcText,
} from './proc-node.ts';
import { blobOf, commOf, ioOf, limitsOf, statmOf, statOf, statusOf } from './proc-process-text.ts';
import type { ProcFd, ProcProcess, ProcSource } from './proc-source.ts';

export interface ProcProcessOptions extends ProcContext {
  readonly source: ProcSource;
  readonly mounts: () => readonly Mount[];
  /** /proc/net, which each process has too. */
  readonly net: Vnode;
}

/** Inodes: the pid above, a number of the file within the process below. */
const PID_SHIFT = 20n;
const TASK_INODES = 1n << 16n;
const FD_INODES = 1n << 17n;
const FDINFO_INODES = 1n << 18n;

export function inodeOfProcess(pid: number): bigint {
  return BigInt(pid) << PID_SHIFT;
}

/** The directory of a process. `pid` may end meanwhile: its files answer ESRCH then. */
export function processDirectory(options: ProcProcessOptions, process: ProcProcess): Vnode {
  const files = processFiles(options, process);
  const inode = inodeOfProcess(process.pid) | TASK_INODES;
  const owner = ownerOf(process);
  const threads = ids(process.threadIds, inode);
  const task = new ProcDirectory(
    options,
    { ...owner, inode },
    {
      list: () => threads,
      lookup: (name) => {
        const thread = threads.find((entry) => entry.name === name);
        return (
          thread && new ProcDirectory(options, { ...owner, inode: thread.inode }, { fixed: files })
        );
      },
    },
  );
  const fixed = new Map<string, Vnode>([...files, ['task', task]]);
  return new ProcDirectory(options, { ...owner, inode: inodeOfProcess(process.pid) }, { fixed });
}

/** Directories named by numbers, the number also being what is added to `base` for their inodes. */
export function ids(numbers: readonly number[], base: bigint): readonly DirectoryEntry[] {
  return numbers.map((number) => {
    return { name: String(number), kind: 'directory', inode: base + BigInt(number) };
  });
}

function ownerOf({ uids, gids }: ProcProcess): { readonly uid: number; readonly gid: number } {
  return { uid: uids[1], gid: gids[1] };
}

function processFiles(
  options: ProcProcessOptions,
  process: ProcProcess,
): ReadonlyMap<string, Vnode> {
  const { source, mounts } = options;
  const { pid } = process;
  const owner = ownerOf(process);
  let inode = inodeOfProcess(pid);
  const next = (): ProcIdentity => {
    inode++;
    return { ...owner, inode };
  };
  const now = (): ProcProcess => {
    const present = source.process(pid);
    if (!present) throw ERRNO.ESRCH;
    return present;
  };
  const text = (write: (process: ProcProcess) => string, mode?: number): Vnode =>
    new ProcText(options, next(), () => write(now()), mode);
  const link = (target: (process: ProcProcess) => string | undefined): Vnode =>
    new ProcLink(options, next(), () => {
      const found = target(now());
      if (found === undefined) throw ERRNO.ENOENT;
      return found;
    });
  return new Map<string, Vnode>([
    ['cmdline', text(({ args }) => blobOf(args))],
    ['comm', text((present) => `${commOf(present)}\n`)],
    ['environ', text(({ env }) => blobOf(env), 0o400)],
    ['stat', text(statOf)],
    ['statm', text(statmOf)],
    ['status', text((present) => statusOf(present, source.machine()))],
    ['limits', text(limitsOf)],
    ['maps', text(() => '')],
    ['mounts', text(() => mountsOf(mounts()))],
    ['mountinfo', text(() => mountInfoOf(mounts()))],
    ['cgroup', text(() => '0::/\n')],
    ['io', text(ioOf, 0o400)],
    ['oom_score', text(() => '0\n')],
    ['oom_score_adj', text(() => '0\n')],
    ['exe', link(({ executable }) => executable)],
    ['cwd', link(({ workingDirectory }) => workingDirectory)],
    ['root', link(() => '/')],
    ['net', options.net],
    ['fd', fdDirectory(options, process, 'fd')],
    ['fdinfo', fdDirectory(options, process, 'fdinfo')],
  ]);
}

/** fd/ and fdinfo/: a name for each open file. */
function fdDirectory(
  options: ProcProcessOptions,
  process: ProcProcess,
  which: 'fd' | 'fdinfo',
): Vnode {
  const { pid } = process;
  const base = inodeOfProcess(pid) | (which === 'fd' ? FD_INODES : FDINFO_INODES);
  const identity = { ...ownerOf(process), inode: base };
  const kind = which === 'fd' ? 'symlink' : 'regular';
  const fds = (): readonly ProcFd[] => options.source.process(pid)?.fds() ?? [];
  const names = {
    list: () =>
      fds().map(({ fd }): DirectoryEntry => {
        return { name: String(fd), kind, inode: base + 1n + BigInt(fd) };
      }),
    lookup: (name: string) => {
      const found = fds().find(({ fd }) => String(fd) === name);
      if (!found) return undefined;
      const own = { ...identity, inode: base + 1n + BigInt(found.fd) };
      return which === 'fd'
        ? fdLink(options, own, pid, found)
        : new ProcText(options, own, () => fdInfoOf(found));
    },
  };
  return new ProcDirectory(options, identity, names, which === 'fd' ? 0o500 : 0o555);
}

const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;

function fdLink(context: ProcContext, identity: ProcIdentity, pid: number, found: ProcFd): Vnode {
  const { fd, target, isPath, attributes, flags } = found;
  const access = flags & ACCESS_MODE;
  const mode = access === 0 ? 0o500 : access === WRITE_ONLY ? 0o300 : 0o700;
  const destination = isPath ? {} : { destination: new ProcAlias({ pid, fd }, attributes) };
  return new ProcLink(context, identity, () => target, { ...destination, mode });
}

/** proc_pid_fdinfo(5) */
function fdInfoOf({ position, flags, attributes }: ProcFd): string {
  const { inode } = attributes();
  return `pos:\t${position}\nflags:\t0${flags.toString(8)}\nmnt_id:\t0\nino:\t${inode}\n`;
}
