import { ERRNO } from '../../base/errno.ts';
import type { FdEntry } from '../../kernel/fd-table.ts';
import type { FileDescription } from '../../kernel/file-description.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import { type SpawnAction, spawnProgram } from '../../kernel/program-start.ts';
import { NO_SIGNALS, type SignalSet, signalSetOf } from '../../kernel/signals.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { openingOf, rightsOf } from '../open-path.ts';
import { readText } from '../path-argument.ts';
import { readRecords } from '../records.ts';
import { readLines } from '../strings.ts';

/** `__wasi_proc_spawn_fd_op_t` */
const ACTION_SIZE = 56;
/** `__wasi_signal_disposition_t` */
const DISPOSITION_SIZE = 2;
/** More than fds there can be by default, and than there are signals. */
const MAX_ACTIONS = 4096;
const MAX_DISPOSITIONS = 64;
const ACTION_KINDS = { close: 0, duplicate: 1, open: 2, enter: 3, enterFd: 4 } as const;
const IGNORE = 1;

export const SPAWN_CALLS = {
  proc_spawn2: hostcall(
    // Name, arguments, environment, fd actions, dispositions, search, search path, pid.
    [
      ...['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      ...['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    ] as const,
    (thread, ...all) => {
      const [name, length, args, argsLength, env, envLength, actions, actionCount, ...rest] = all;
      const [dispositions, dispositionCount, search, path, pathLength, pid] = rest;
      const { memory } = thread;
      memory.bytes(pid, 4);
      const { defaultSignals, ignoredSignals } = readDispositions(
        memory,
        dispositions,
        dispositionCount >>> 0,
      );
      const child = spawnProgram(thread, {
        program: {
          path: readText(memory, name, length),
          search: search !== 0,
          args: readLines(memory, args, argsLength),
          env: readLines(memory, env, envLength),
          ...(search === 0 ? {} : { searchPath: readText(memory, path, pathLength) }),
        },
        actions: readRecords(
          memory,
          { pointer: actions, count: actionCount, most: MAX_ACTIONS },
          ACTION_SIZE,
          readAction,
        ),
        attributes: { defaultSignals, ignoredSignals },
      });
      memory.writeU32(pid, child);
      return undefined;
    },
  ),
} satisfies Record<string, Hostcall>;

function readAction(memory: GuestMemory, at: number): SpawnAction {
  const fd = memory.readU32(at + 4) | 0;
  const path = (): string => readText(memory, memory.readU32(at + 12), memory.readU32(at + 16));
  switch (memory.readU8(at)) {
    case ACTION_KINDS.close:
      return { type: 'close', fd };
    case ACTION_KINDS.duplicate:
      return { type: 'duplicate', from: memory.readU32(at + 8) | 0, fd };
    case ACTION_KINDS.open: {
      const rights = memory.readU64(at + 32);
      const inheritingRights = memory.readU64(at + 40);
      const opening = openingOf({
        lookupFlags: memory.readU32(at + 20),
        openFlags: memory.readU16(at + 24),
        rights,
        fdFlags: memory.readU16(at + 48),
        permissions: 0o666,
      });
      const entry = (description: FileDescription): FdEntry => ({
        description,
        rights: rights & rightsOf(description),
        inheritingRights,
      });
      return { type: 'open', fd, path: path(), opening, entry };
    }
    case ACTION_KINDS.enter:
      return { type: 'enter', path: path() };
    case ACTION_KINDS.enterFd:
      return { type: 'enter-fd', fd };
    default:
      throw ERRNO.EINVAL;
  }
}

function readDispositions(
  memory: GuestMemory,
  pointer: number,
  count: number,
): { readonly defaultSignals: SignalSet; readonly ignoredSignals: SignalSet } {
  if (count > MAX_DISPOSITIONS) throw ERRNO.EINVAL;
  let defaultSignals = NO_SIGNALS;
  let ignoredSignals = NO_SIGNALS;
  memory.bytes(pointer, count * DISPOSITION_SIZE);
  for (let index = 0; index < count; index++) {
    const at = (pointer >>> 0) + index * DISPOSITION_SIZE;
    const signal = memory.readU8(at);
    if (signal < 1 || signal > MAX_DISPOSITIONS) throw ERRNO.EINVAL;
    if (memory.readU8(at + 1) === IGNORE) ignoredSignals |= signalSetOf(signal);
    else defaultSignals |= signalSetOf(signal);
  }
  return { defaultSignals, ignoredSignals };
}
