import { ERRNO } from '../../base/errno.ts';
import type { FileHandle } from '../../kernel/file-description.ts';
import type { HeldLock, LockRange } from '../../kernel/file-locks.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Thread } from '../../kernel/thread.ts';
import { WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';

const LOCK_SIZE = 24;
const LOCK_TYPES = { read: 0, write: 1, unlock: 2 } as const;
const LOCK_COMMANDS = { get: 0, set: 1, setAndWait: 2 } as const;
const FLOCK = { shared: 1, exclusive: 2, nonBlocking: 4, unlock: 8 } as const;
const WHOLE_FILE: LockRange = { start: 0, end: Number.POSITIVE_INFINITY };

/** Copies of fds, and locks by them. */
export const FD_CALLS = {
  fd_dup_to: hostcall(['i32', 'i32', 'i32'], (thread, fd, to, flags) => {
    if (flags !== 0 && fd === to) throw ERRNO.EINVAL;
    thread.fds.duplicateTo(fd, to, (flags & 1) !== 0);
    return undefined;
  }),

  fd_lock: hostcall(['i32', 'i32', 'i32'], (thread, fd, command, pointer) => {
    const file = fileFor(thread, fd);
    const { memory, process, system } = thread;
    const asked = readLock(memory, pointer, file);
    const lock: HeldLock = {
      ...asked.range,
      owner: process,
      isExclusive: asked.type === LOCK_TYPES.write,
      pid: process.pid,
    };
    const key = file.attributes();
    if (command === LOCK_COMMANDS.get) {
      return writeConflict(memory, pointer, system.recordLocks.conflict(key, lock));
    }
    if (command !== LOCK_COMMANDS.set && command !== LOCK_COMMANDS.setAndWait) throw ERRNO.EINVAL;
    if (asked.type === LOCK_TYPES.unlock) {
      system.recordLocks.release(key, process, asked.range);
      return undefined;
    }
    if (lock.isExclusive ? !file.access.write : !file.access.read) throw ERRNO.EBADF;
    const queue = system.recordLocks.acquire(key, lock);
    if (!queue) return undefined;
    if (command === LOCK_COMMANDS.set) throw ERRNO.EAGAIN;
    thread.blockOn({ queues: [queue] });
    return WOULD_BLOCK;
  }),

  fd_flock: hostcall(['i32', 'i32'], (thread, fd, operation) => {
    const { description } = thread.fds.get(fd);
    const { fileLocks } = thread.system;
    const key = description.attributes();
    const kind = operation & ~FLOCK.nonBlocking;
    if (kind === FLOCK.unlock) {
      fileLocks.release(key, description, WHOLE_FILE);
      return undefined;
    }
    if (kind !== FLOCK.shared && kind !== FLOCK.exclusive) throw ERRNO.EINVAL;
    const isExclusive = kind === FLOCK.exclusive;
    const lock = { ...WHOLE_FILE, owner: description, isExclusive, pid: 0 };
    const queue = fileLocks.acquire(key, lock);
    if (!queue) {
      description.onClose(() => fileLocks.release(key, description, WHOLE_FILE));
      return undefined;
    }
    if ((operation & FLOCK.nonBlocking) !== 0) throw ERRNO.EAGAIN;
    thread.blockOn({ queues: [queue] });
    return WOULD_BLOCK;
  }),

  fd_available: hostcall(['i32', 'i32'], (thread, fd, bytes) => {
    const { description } = thread.fds.get(fd);
    if (description.kind === 'directory') throw ERRNO.ENOTTY;
    const available =
      description.kind === 'stream'
        ? (description.source?.availableBytes ?? 0)
        : Math.max(0, description.attributes().sizeBytes - description.position);
    thread.memory.writeU32(bytes, Math.min(available, MAX_INT));
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

const MAX_INT = 0x7fff_ffff;

function fileFor(thread: Thread, fd: number): FileHandle {
  const { description } = thread.fds.get(fd);
  if (description.kind !== 'file') throw ERRNO.EINVAL;
  return description;
}

interface AskedLock {
  readonly type: number;
  readonly range: LockRange;
}

/** Throws EINVAL for a range that begins before the file. */
function readLock(memory: GuestMemory, pointer: number, file: FileHandle): AskedLock {
  const at = pointer >>> 0;
  memory.bytes(at, LOCK_SIZE);
  const type = memory.readU16(at);
  if (type > LOCK_TYPES.unlock) throw ERRNO.EINVAL;
  const base = baseOf(memory.readU16(at + 2), file);
  const start = base + Number(BigInt.asIntN(64, memory.readU64(at + 8)));
  const length = Number(BigInt.asIntN(64, memory.readU64(at + 16)));
  // A length of 0 reaches to the end, a negative one lies before the start.
  const range =
    length < 0
      ? { start: start + length, end: start }
      : { start, end: length === 0 ? Number.POSITIVE_INFINITY : start + length };
  if (range.start < 0) throw ERRNO.EINVAL;
  return { type, range };
}

function baseOf(whence: number, file: FileHandle): number {
  switch (whence) {
    case 0:
      return 0;
    case 1:
      return file.position;
    case 2:
      return file.attributes().sizeBytes;
    default:
      throw ERRNO.EINVAL;
  }
}

function writeConflict(
  memory: GuestMemory,
  pointer: number,
  lock: HeldLock | undefined,
): undefined {
  const at = pointer >>> 0;
  if (!lock) {
    memory.writeU16(at, LOCK_TYPES.unlock);
    return;
  }
  memory.writeU16(at, lock.isExclusive ? LOCK_TYPES.write : LOCK_TYPES.read);
  memory.writeU16(at + 2, 0);
  memory.writeU32(at + 4, lock.pid);
  memory.writeU64(at + 8, BigInt(lock.start));
  const length = lock.end === Number.POSITIVE_INFINITY ? 0 : lock.end - lock.start;
  memory.writeU64(at + 16, BigInt(length));
}
