import { ERRNO } from '../../base/errno.ts';
import { SIGNALS } from '../../base/signals.ts';
import type { FdEntry } from '../../kernel/fd-table.ts';
import type { FileDescription, FileHandle, StreamHandle } from '../../kernel/file-description.ts';
import { kernelSignal } from '../../kernel/signals.ts';
import type { Terminal } from '../../kernel/terminal.ts';
import type { Thread, WaitConditions } from '../../kernel/thread.ts';
import { WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { mayUseTerminal } from '../terminal-access.ts';
import { transfer } from './file-transfer.ts';
import { readVectors } from './io-vectors.ts';
import { RIGHTS, WHENCE } from './numbers.ts';
import { requireRights } from './rights.ts';

/** Reading, writing and seeking: the hot path of every program. */
export const FD_IO_CALLS = {
  fd_read: hostcall(['i32', 'i32', 'i32', 'i32'], (thread, fd, vectors, count, read) => {
    const { description } = entryFor(thread, fd, RIGHTS.fdRead);
    if (description.kind === 'directory') throw ERRNO.EISDIR;
    const buffers = readVectors(thread.memory, vectors, count);
    // Checked before the read, so that no byte is lost to an answer that cannot be written.
    thread.memory.bytes(read, 4);
    if (description.kind === 'stream' && description.terminal) {
      return readTerminal(thread, description, description.terminal, buffers, read);
    }
    if (description.kind === 'file') {
      return readFile(thread, buffers, read, (piece) => description.read(piece));
    }
    return whenReadable(thread, description, () =>
      answerRead(thread, read, readInto(description, buffers)),
    );
  }),

  fd_pread: hostcall(
    ['i32', 'i32', 'i32', 'i64', 'i32'],
    (thread, fd, vectors, count, at, read) => {
      const file = fileFor(thread, fd, RIGHTS.fdRead | RIGHTS.fdSeek);
      const buffers = readVectors(thread.memory, vectors, count);
      thread.memory.bytes(read, 4);
      const position = positionOf(at);
      return readFile(thread, buffers, read, (piece, done) => file.readAt(piece, position + done));
    },
  ),

  fd_write: hostcall(['i32', 'i32', 'i32', 'i32'], (thread, fd, vectors, count, written) => {
    const { description } = entryFor(thread, fd, RIGHTS.fdWrite);
    if (description.kind === 'directory') throw ERRNO.EISDIR;
    const buffers = readVectors(thread.memory, vectors, count);
    thread.memory.bytes(written, 4);
    return description.kind === 'stream'
      ? writeStream(thread, description, buffers, written)
      : writeFile(thread, description, buffers, written, (piece) => description.write(piece));
  }),

  fd_pwrite: hostcall(
    ['i32', 'i32', 'i32', 'i64', 'i32'],
    (thread, fd, vectors, count, at, written) => {
      const file = fileFor(thread, fd, RIGHTS.fdWrite | RIGHTS.fdSeek);
      const buffers = readVectors(thread.memory, vectors, count);
      thread.memory.bytes(written, 4);
      const position = positionOf(at);
      return writeFile(thread, file, buffers, written, (piece, done) =>
        file.writeAt(piece, position + done),
      );
    },
  ),

  fd_seek: seekCall(WHENCE),

  fd_tell: hostcall(['i32', 'i32'], (thread, fd, position) => {
    thread.memory.writeU64(position, BigInt(fileFor(thread, fd, RIGHTS.fdTell).position));
    return undefined;
  }),

  fd_sync: hostcall(['i32'], (thread, fd) => synchronise(thread, fd, RIGHTS.fdSync, false)),
  fd_datasync: hostcall(['i32'], (thread, fd) => synchronise(thread, fd, RIGHTS.fdDatasync, true)),
} satisfies Record<string, Hostcall>;

/** No file system has files of this size (EFBIG, EINVAL); positions up to it are exact numbers. */
const MAX_POSITION = BigInt(Number.MAX_SAFE_INTEGER);

/** By the numbers that the ABI has for what an offset is relative to. */
export function seekCall(whence: Readonly<Record<keyof typeof WHENCE, number>>): Hostcall {
  return hostcall(['i32', 'i64', 'i32', 'i32'], (thread, fd, offset, from, position) => {
    // Asking where one is needs the right to tell only (wasi-libc's lseek(fd, 0, SEEK_CUR)).
    const isTell = offset === 0n && from === whence.current;
    const file = fileFor(thread, fd, isTell ? RIGHTS.fdTell : RIGHTS.fdSeek);
    const target = BigInt(seekBase(file, from, whence)) + offset;
    if (target < 0n || target > MAX_POSITION) throw ERRNO.EINVAL;
    thread.memory.writeU64(position, target);
    file.position = Number(target);
    return undefined;
  });
}

function positionOf(offset: bigint): number {
  return Number(BigInt.asUintN(64, offset));
}

function entryFor(thread: Thread, fd: number, rights: bigint): FdEntry {
  const entry = thread.fds.get(fd);
  requireRights(entry, rights);
  return entry;
}

/** The file behind an fd; a stream cannot seek (ESPIPE), a directory has no bytes (EISDIR). */
function fileFor(thread: Thread, fd: number, rights: bigint): FileHandle {
  const entry = thread.fds.get(fd);
  const { description } = entry;
  if (description.kind === 'stream') throw ERRNO.ESPIPE;
  requireRights(entry, rights);
  if (description.kind === 'directory') throw ERRNO.EISDIR;
  return description;
}

function answerRead({ memory, process }: Thread, pointer: number, count: number): undefined {
  process.io.readBytes += count;
  process.io.readCalls += 1;
  memory.writeU32(pointer, count);
}

function answerWrite({ memory, process }: Thread, pointer: number, count: number): undefined {
  process.io.writtenBytes += count;
  process.io.writeCalls += 1;
  memory.writeU32(pointer, count);
}

function seekBase(
  file: FileHandle,
  from: number,
  whence: Readonly<Record<keyof typeof WHENCE, number>>,
): number {
  if (from === whence.start) return 0;
  if (from === whence.current) return file.position;
  if (from === whence.end) return file.attributes().sizeBytes;
  throw ERRNO.EINVAL;
}

function readInto(stream: StreamHandle, buffers: readonly Uint8Array[]): number {
  let total = 0;
  for (const buffer of buffers) {
    let got: number;
    try {
      got = stream.read(buffer);
    } catch (thrown) {
      // What was read already is an answer; the reason to stop comes with the next call.
      if (thrown === ERRNO.EAGAIN && total > 0) return total;
      throw thrown;
    }
    total += got;
    if (got < buffer.length) break;
  }
  return total;
}

/**
 * Tries `attempt`; when there is nothing to be read the thread waits for it, unless it asked never
 * to wait.
 */
function whenReadable(
  thread: Thread,
  stream: StreamHandle,
  attempt: () => undefined,
): number | undefined {
  try {
    return attempt();
  } catch (thrown) {
    if (thrown !== ERRNO.EAGAIN || stream.flags.nonBlocking) throw thrown;
    thread.blockOn({ queues: [stream.readable] });
    return WOULD_BLOCK;
  }
}

/** What a read of a terminal keeps between its tries: VTIME counts from its beginning. */
class TerminalRead {
  readonly startNs: bigint;

  constructor(startNs: bigint) {
    this.startNs = startNs;
  }
}

/** As `whenReadable`, for those in the foreground, and with VTIME (termios(3)). */
function readTerminal(
  thread: Thread,
  stream: StreamHandle,
  terminal: Terminal,
  buffers: readonly Uint8Array[],
  read: number,
): number | undefined {
  if (!mayUseTerminal(thread, terminal, SIGNALS.SIGTTIN)) return WOULD_BLOCK;
  const nowNs = thread.system.clock.monotonicNs();
  const startNs = thread.retry instanceof TerminalRead ? thread.retry.startNs : nowNs;
  // A line is given by one read, so that further buffers stay empty.
  const [buffer] = buffers;
  try {
    return answerRead(thread, read, buffer ? terminal.read(buffer) : 0);
  } catch (thrown) {
    if (thrown !== ERRNO.EAGAIN || stream.flags.nonBlocking) throw thrown;
    const deadlineNs = terminal.readDeadlineNs(startNs);
    if (buffer && deadlineNs !== undefined && nowNs >= deadlineNs) {
      return answerRead(thread, read, terminal.readNow(buffer));
    }
    thread.retry = new TerminalRead(startNs);
    const queues = [terminal.readable];
    thread.blockOn(deadlineNs === undefined ? { queues } : { queues, deadlineNs });
    return WOULD_BLOCK;
  }
}

/**
 * A blocking write to a stream is answered when all of it is taken, as write(2) on a pipe does; how
 * much was taken so far is kept between tries.
 */
function writeStream(
  thread: Thread,
  stream: StreamHandle,
  buffers: readonly Uint8Array[],
  written: number,
): number | undefined {
  const { terminal } = stream;
  if (terminal?.stopsBackgroundWrites && !mayUseTerminal(thread, terminal, SIGNALS.SIGTTOU)) {
    return WOULD_BLOCK;
  }
  const before = typeof thread.retry === 'number' ? thread.retry : undefined;
  let taken = before ?? 0;
  const answer = (): undefined => answerWrite(thread, written, taken);
  try {
    requireRoom(stream, buffers, taken);
    let skipped = taken;
    for (const buffer of buffers) {
      let rest = buffer.subarray(Math.min(skipped, buffer.length));
      skipped -= buffer.length - rest.length;
      while (rest.length > 0) {
        const put = stream.write(rest);
        taken += put;
        rest = rest.subarray(put);
      }
    }
    return answer();
  } catch (thrown) {
    if (thrown === ERRNO.EPIPE) thread.process.post(kernelSignal(SIGNALS.SIGPIPE));
    if (thrown !== ERRNO.EAGAIN) throw thrown;
    if (stream.flags.nonBlocking || thread.isInterrupted) {
      if (taken > 0) return answer();
      throw before === undefined ? thrown : ERRNO.EINTR;
    }
    thread.retry = taken;
    thread.blockOn({ queues: [stream.writable] });
    return WOULD_BLOCK;
  }
}

/** A small write to a pipe goes in whole, whatever its parts (pipe(7), PIPE_BUF). */
function requireRoom(stream: StreamHandle, buffers: readonly Uint8Array[], taken: number): void {
  const { sink } = stream;
  if (sink?.atomicWriteSize === undefined || taken > 0 || buffers.length < 2) return;
  const size = buffers.reduce((sum, { length }) => sum + length, 0);
  if (size <= sink.atomicWriteSize && sink.freeBytes < size) throw ERRNO.EAGAIN;
}

function readFile(
  thread: Thread,
  buffers: readonly Uint8Array[],
  read: number,
  move: (piece: Uint8Array, done: number) => number,
): number | undefined {
  const count = transfer(thread, buffers, move);
  return count === 'gave-way' ? WOULD_BLOCK : answerRead(thread, read, count);
}

/** A write to a file, made durable before it is answered when the file was opened so. */
function writeFile(
  thread: Thread,
  file: FileHandle,
  buffers: readonly Uint8Array[],
  written: number,
  move: (piece: Uint8Array, done: number) => number,
): number | undefined {
  if (!isPendingSync(thread.retry)) {
    const count = transfer(thread, buffers, move);
    if (count === 'gave-way') return WOULD_BLOCK;
    answerWrite(thread, written, count);
  }
  if (!file.flags.synchronous) return undefined;
  return awaitSync(thread, () => file.file.sync({ dataOnly: true }));
}

function synchronise(
  thread: Thread,
  fd: number,
  rights: bigint,
  dataOnly: boolean,
): number | undefined {
  const entry = thread.fds.get(fd);
  requireRights(entry, rights);
  const { description } = entry;
  switch (description.kind) {
    case 'file':
      return awaitSync(thread, () => description.file.sync({ dataOnly }));
    case 'directory': {
      const { node } = description.location;
      return awaitSync(thread, async () => node.sync?.());
    }
    case 'stream':
      throw ERRNO.EINVAL;
  }
}

/** A host operation under way, kept in `thread.retry` until the thread is woken by its end. */
interface PendingSync {
  outcome: 'pending' | 'done' | { readonly thrown: unknown };
}

function isPendingSync(retry: unknown): retry is PendingSync {
  return typeof retry === 'object' && retry !== null && 'outcome' in retry;
}

function awaitSync(thread: Thread, sync: () => Promise<void>): number | undefined {
  if (!isPendingSync(thread.retry)) {
    const pending: PendingSync = { outcome: 'pending' };
    const settled = sync().then(
      () => {
        pending.outcome = 'done';
      },
      (thrown: unknown) => {
        pending.outcome = { thrown };
      },
    );
    thread.retry = pending;
    return blockOn(thread, { promise: settled });
  }
  const { outcome } = thread.retry;
  if (outcome === 'done') return undefined;
  if (outcome !== 'pending') throw outcome.thrown;
  // Woken for another reason: the operation goes on, and is looked at again at the next turn.
  thread.giveWay();
  return WOULD_BLOCK;
}

function blockOn(thread: Thread, conditions: WaitConditions): number {
  thread.blockOn(conditions);
  return WOULD_BLOCK;
}

/** Whether an fd would answer at once: for poll_oneoff. */
export function readyBytes(
  description: FileDescription,
  event: 'readable' | 'writable',
): { bytes: bigint; hangup: boolean } | WaitConditions {
  if (description.kind === 'directory') return { bytes: 0n, hangup: false };
  if (description.kind === 'file') {
    if (event === 'writable') return { bytes: 0n, hangup: false };
    const left = description.attributes().sizeBytes - description.position;
    return { bytes: BigInt(Math.max(left, 0)), hangup: false };
  }
  if (event === 'writable') {
    const { freeBytes: free = 0, hasHungUp: hangup = false } = description.sink ?? {};
    return free > 0 ? { bytes: BigInt(free), hangup } : { queues: [description.writable] };
  }
  const { source } = description;
  // As Linux has it for the writing end of a pipe: what cannot be read is never ready to be.
  if (!source) return { queues: [] };
  if (source.availableBytes > 0) return { bytes: BigInt(source.availableBytes), hangup: false };
  return source.hasEnded ? { bytes: 0n, hangup: true } : { queues: [source.readable] };
}
