import { ERRNO } from '../../base/errno.ts';
import { EventCounter } from '../../kernel/event-counter.ts';
import { StreamHandle } from '../../kernel/file-description.ts';
import { ACCESS, requireAccess } from '../../vfs/access.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { openPath } from '../open-path.ts';
import { pathAt, WORKING_DIRECTORY_FD } from '../path-argument.ts';
import { RIGHTS, STREAM_RIGHTS } from '../preview1/numbers.ts';
import { writeText } from '../strings.ts';

const CLOSE_ON_EXEC = 1;
const SEMAPHORE = 1;

/** Copies of fds, pipes, and the working directory. */
export const FD_CALLS = {
  fd_dup: hostcall(['i32', 'i32'], (thread, fd, copy) => {
    thread.memory.bytes(copy, 4);
    thread.memory.writeU32(copy, thread.fds.duplicate(fd, 0, false));
    return undefined;
  }),

  fd_dup2: hostcall(['i32', 'i32', 'i32', 'i32'], (thread, fd, minimum, closeOnExec, copy) => {
    thread.memory.bytes(copy, 4);
    thread.memory.writeU32(copy, thread.fds.duplicate(fd, minimum, closeOnExec !== 0));
    return undefined;
  }),

  fd_event: hostcall(['i64', 'i32', 'i32'], (thread, initial, flags, fd) => {
    if ((flags & ~SEMAPHORE) !== 0) throw ERRNO.EINVAL;
    thread.memory.bytes(fd, 4);
    const counter = new EventCounter(BigInt.asUintN(64, initial), (flags & SEMAPHORE) !== 0);
    const description = new StreamHandle({
      source: counter,
      sink: counter,
      name: 'anon_inode:[eventfd]',
    });
    const entry = { description, rights: STREAM_RIGHTS, inheritingRights: 0n };
    thread.memory.writeU32(fd, thread.fds.add(entry));
    return undefined;
  }),

  fd_pipe: hostcall(['i32', 'i32'], (thread, readFd, writeFd) => {
    const { fds, memory, system } = thread;
    memory.bytes(readFd, 4);
    memory.bytes(writeFd, 4);
    const { readEnd, writeEnd } = system.pipes.create();
    const readable = { rights: STREAM_RIGHTS & ~RIGHTS.fdWrite, inheritingRights: 0n };
    const writable = { rights: STREAM_RIGHTS & ~RIGHTS.fdRead, inheritingRights: 0n };
    let first: number;
    try {
      first = fds.add({ description: readEnd, ...readable });
    } catch (thrown) {
      writeEnd.discard();
      throw thrown;
    }
    try {
      memory.writeU32(writeFd, fds.add({ description: writeEnd, ...writable }));
    } catch (thrown) {
      fds.close(first);
      throw thrown;
    }
    memory.writeU32(readFd, first);
    return undefined;
  }),

  fd_fdflags_get: hostcall(['i32', 'i32'], (thread, fd, flags) => {
    const { closeOnExec } = thread.fds.get(fd);
    thread.memory.writeU16(flags, closeOnExec === true ? CLOSE_ON_EXEC : 0);
    return undefined;
  }),

  fd_fdflags_set: hostcall(['i32', 'i32'], (thread, fd, flags) => {
    if ((flags & ~CLOSE_ON_EXEC) !== 0) throw ERRNO.EINVAL;
    thread.fds.get(fd).closeOnExec = (flags & CLOSE_ON_EXEC) !== 0;
    return undefined;
  }),

  path_open2: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, openFlags, rights, inheriting, fdFlags, ...rest) => {
      const [fdFlagsExt, opened] = rest;
      const asked = [fd, lookup, path, length, openFlags, rights, inheriting, fdFlags] as const;
      const closeOnExec = (fdFlagsExt & CLOSE_ON_EXEC) !== 0;
      return openPath(thread, asked, opened, { closeOnExec, permissions: 0o666 });
    },
  ),

  getcwd: hostcall(['i32', 'i32'], (thread, path, length) => {
    const { memory, process } = thread;
    const target = { pointer: path, capacity: memory.readU32(length), length };
    return writeText(memory, process.workingDirectory.path, target, ERRNO.EOVERFLOW);
  }),

  chdir: hostcall(['i32', 'i32'], (thread, path, length) => {
    const { process, system } = thread;
    const at = pathAt(thread, WORKING_DIRECTORY_FD, 0n, path, length);
    const found = system.files.resolve(at, true);
    if (found.node.kind !== 'directory') throw ERRNO.ENOTDIR;
    requireAccess(at.by, found.node, ACCESS.execute);
    process.workingDirectory = found;
    return undefined;
  }),
} satisfies Record<string, Hostcall>;
