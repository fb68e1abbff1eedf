import { ERRNO } from '../../base/errno.ts';
import type { FileDescription } from '../../kernel/file-description.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import {
  type SpawnAction,
  type SpawnAttributes,
  spawnProgram,
} from '../../kernel/program-start.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { openingOf, rightsOf } from '../open-path.ts';
import { readText } from '../path-argument.ts';
import { ALL_RIGHTS, RIGHTS } from '../preview1/numbers.ts';
import { readRecords } from '../records.ts';
import { readStrings } from '../strings.ts';

const ACTION_SIZE = 32;
const ATTRIBUTES_SIZE = 32;
/** More than fds there can be by default; a guest-chosen count bounds a loop of ours. */
const MAX_ACTIONS = 4096;
/** POSIX_SPAWN_*, as musl numbers them. */
const FLAGS = {
  resetIds: 1,
  setGroup: 2,
  setDefault: 4,
  setMask: 8,
  setSession: 128,
} as const;

export const SPAWN_CALLS = {
  proc_spawn: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (
      thread,
      path,
      length,
      search,
      args,
      argsLength,
      env,
      envLength,
      actions,
      actionCount,
      attributes,
      pid,
    ) => {
      const { memory } = thread;
      memory.bytes(pid, 4);
      const child = spawnProgram(thread, {
        program: {
          path: readText(memory, path, length),
          search: search !== 0,
          args: readStrings(memory, args, argsLength),
          env: readStrings(memory, env, envLength),
        },
        actions: readRecords(
          memory,
          { pointer: actions, count: actionCount, most: MAX_ACTIONS },
          ACTION_SIZE,
          readAction,
        ),
        attributes: attributes === 0 ? {} : readAttributes(memory, attributes),
      });
      memory.writeU32(pid, child);
      return undefined;
    },
  ),
} satisfies Record<string, Hostcall>;

function readAction(memory: GuestMemory, at: number): SpawnAction {
  const fd = memory.readU32(at + 4) | 0;
  const path = (): string => readText(memory, memory.readU32(at + 12), memory.readU32(at + 16));
  switch (memory.readU32(at)) {
    case 0:
      return { type: 'close', fd };
    case 1:
      return { type: 'duplicate', from: memory.readU32(at + 8) | 0, fd };
    case 2: {
      const flags = memory.readU32(at + 20);
      const access = memory.readU32(at + 24);
      const rights =
        ((access & 1) === 0 ? 0n : RIGHTS.fdRead | RIGHTS.fdReaddir) |
        ((access & 2) === 0 ? 0n : RIGHTS.fdWrite);
      const opening = openingOf({
        openFlags: flags & 0xffff,
        fdFlags: flags >>> 16,
        lookupFlags: 1,
        rights,
        permissions: memory.readU32(at + 28),
      });
      return { type: 'open', fd, path: path(), opening, entry: (found) => entryOf(found, rights) };
    }
    case 3:
      return { type: 'enter', path: path() };
    case 4:
      return { type: 'enter-fd', fd };
    default:
      throw ERRNO.EINVAL;
  }
}

/** All rights that the kind of file allows, but those to read or write that were not asked for. */
function entryOf(
  description: FileDescription,
  asked: bigint,
): { description: FileDescription; rights: bigint; inheritingRights: bigint } {
  const unasked = (RIGHTS.fdRead | RIGHTS.fdWrite) & ~asked;
  return {
    description,
    rights: rightsOf(description) & ~unasked,
    inheritingRights: ALL_RIGHTS,
  };
}

function readAttributes(memory: GuestMemory, at: number): SpawnAttributes {
  memory.bytes(at, ATTRIBUTES_SIZE);
  const flags = memory.readU32(at);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return {
    ...(has(FLAGS.setGroup) ? { processGroup: memory.readU32(at + 4) | 0 } : {}),
    ...(has(FLAGS.setDefault) ? { defaultSignals: memory.readU64(at + 8) } : {}),
    ...(has(FLAGS.setMask) ? { signalMask: memory.readU64(at + 16) } : {}),
    startsSession: has(FLAGS.setSession),
    resetsIds: has(FLAGS.resetIds),
  };
}
