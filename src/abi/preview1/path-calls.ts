import { ERRNO } from '../../base/errno.ts';
import { makeDirectory } from '../../kernel/file-creation.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { openPath } from '../open-path.ts';
import { isFollowing, pathAt, readText } from '../path-argument.ts';
import { type FileStatWriter, timesChange, writeFileStat } from './file-stat.ts';
import { checkFlags, RIGHTS, SET_TIMES } from './numbers.ts';

/** preview1 knows no modes: what a program creates is as its umask leaves it. */
const NEW_FILE = { closeOnExec: false, permissions: 0o666 };
const NEW_DIRECTORY_PERMISSIONS = 0o777;

/** All that names files by a path, relative to an open directory. */
export const PATH_CALLS = {
  path_open: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32'],
    (thread, fd, lookup, path, length, openFlags, rights, inheriting, fdFlags, opened) => {
      const asked = [fd, lookup, path, length, openFlags, rights, inheriting, fdFlags] as const;
      return openPath(thread, asked, opened, NEW_FILE);
    },
  ),

  path_filestat_get: pathStatCall(writeFileStat),

  path_filestat_set_times: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32'],
    (thread, fd, flags, path, length, accessed, modified, which) => {
      checkFlags(which, SET_TIMES);
      const at = pathAt(thread, fd, RIGHTS.pathFilestatSetTimes, path, length);
      const change = timesChange(thread.system.clock, accessed, modified, which);
      thread.system.files.change(at, isFollowing(flags), change);
      return undefined;
    },
  ),

  path_create_directory: hostcall(['i32', 'i32', 'i32'], (thread, fd, path, length) => {
    const at = pathAt(thread, fd, RIGHTS.pathCreateDirectory, path, length);
    makeDirectory(thread.process, at, NEW_DIRECTORY_PERMISSIONS);
    return undefined;
  }),

  path_remove_directory: hostcall(['i32', 'i32', 'i32'], (thread, fd, path, length) => {
    thread.system.files.removeDirectory(
      pathAt(thread, fd, RIGHTS.pathRemoveDirectory, path, length),
    );
    return undefined;
  }),

  path_unlink_file: hostcall(['i32', 'i32', 'i32'], (thread, fd, path, length) => {
    thread.system.files.removeFile(pathAt(thread, fd, RIGHTS.pathUnlinkFile, path, length));
    return undefined;
  }),

  path_rename: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, path, length, newFd, newPath, newLength) => {
      const from = pathAt(thread, fd, RIGHTS.pathRenameSource, path, length);
      const to = pathAt(thread, newFd, RIGHTS.pathRenameTarget, newPath, newLength);
      thread.system.files.rename(from, to);
      return undefined;
    },
  ),

  path_link: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, flags, path, length, newFd, newPath, newLength) => {
      const from = pathAt(thread, fd, RIGHTS.pathLinkSource, path, length);
      const to = pathAt(thread, newFd, RIGHTS.pathLinkTarget, newPath, newLength);
      thread.system.files.makeLink(from, isFollowing(flags), to);
      return undefined;
    },
  ),

  path_symlink: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, target, targetLength, fd, path, length) => {
      const at = pathAt(thread, fd, RIGHTS.pathSymlink, path, length);
      const text = readText(thread.memory, target, targetLength);
      if (at.isConfined === true && text.startsWith('/')) throw ERRNO.ENOTCAPABLE;
      thread.system.files.makeSymlink(text, at);
      return undefined;
    },
  ),

  path_readlink: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, path, length, buffer, capacity, used) => {
      const at = pathAt(thread, fd, RIGHTS.pathReadlink, path, length);
      const target = new TextEncoder().encode(thread.system.files.readLink(at));
      // As readlink(2): what does not fit is cut off, and the caller sees that the buffer is full.
      const size = Math.min(target.length, capacity >>> 0);
      thread.memory.bytes(buffer, size).set(target.subarray(0, size));
      thread.memory.writeU32(used, size);
      return undefined;
    },
  ),
} satisfies Record<string, Hostcall>;

export function pathStatCall(write: FileStatWriter): Hostcall {
  return hostcall(['i32', 'i32', 'i32', 'i32', 'i32'], (thread, fd, flags, path, length, stat) => {
    const at = pathAt(thread, fd, RIGHTS.pathFilestatGet, path, length);
    return write(thread.memory, stat, thread.system.files.stat(at, isFollowing(flags)));
  });
}
