import { ERRNO } from '../../base/errno.ts';
import type { ChildUsage } from '../../kernel/children.ts';
import { isPrivileged } from '../../kernel/credentials.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Process } from '../../kernel/process.ts';
import { executeProgram } from '../../kernel/program-start.ts';
import { RESOURCE } from '../../kernel/resource-limits.ts';
import { newSession, setProcessGroup } from '../../kernel/session.ts';
import type { Thread } from '../../kernel/thread.ts';
import { EXIT, WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { readText } from '../path-argument.ts';
import { readStrings } from '../strings.ts';

const WAIT_OPTIONS = { noHang: 1, stopped: 2, continued: 8 } as const;
const USAGE_SIZE = 32;

/** Programs, children, groups and what they use. */
export const PROCESS_CALLS = {
  proc_exec: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, path, length, search, args, argsLength, env, envLength) =>
      executeProgram(thread, {
        path: readText(thread.memory, path, length),
        search: search !== 0,
        args: readStrings(thread.memory, args, argsLength),
        env: readStrings(thread.memory, env, envLength),
      }) === 'replaced'
        ? EXIT
        : undefined,
  ),

  proc_wait: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, pid, options, status, usage, reaped) => {
      const { memory, process } = thread;
      memory.bytes(status, 4);
      memory.bytes(reaped, 4);
      if (usage !== 0) memory.bytes(usage, USAGE_SIZE);
      const request = {
        pid,
        reportsStopped: (options & WAIT_OPTIONS.stopped) !== 0,
        reportsContinued: (options & WAIT_OPTIONS.continued) !== 0,
      };
      const report = process.children.take(request, process.processGroup);
      if (!report && (options & WAIT_OPTIONS.noHang) === 0) {
        thread.blockOn({ queues: [process.children.changed] });
        return WOULD_BLOCK;
      }
      memory.writeU32(reaped, report?.pid ?? 0);
      memory.writeU32(status, report?.status ?? 0);
      if (report && usage !== 0) writeUsage(memory, usage, report.usage);
      return undefined;
    },
  ),

  proc_group_get: hostcall(['i32', 'i32'], (thread, pid, group) => {
    thread.memory.writeU32(group, find(thread, pid).processGroup);
    return undefined;
  }),

  proc_group_set: hostcall(['i32', 'i32'], (thread, pid, group) => {
    setProcessGroup(thread.process, pid, group);
    return undefined;
  }),

  proc_session_get: hostcall(['i32', 'i32'], (thread, pid, session) => {
    thread.memory.writeU32(session, find(thread, pid).session.id);
    return undefined;
  }),

  proc_session_new: hostcall(['i32'], (thread, session) => {
    thread.memory.bytes(session, 4);
    thread.memory.writeU32(session, newSession(thread.process));
    return undefined;
  }),

  proc_usage: hostcall(['i32', 'i32'], (thread, self, children) => {
    const { memory, process } = thread;
    const { cpuTimeMs: cpuMs } = process;
    const peakMemoryBytes = process.memory.peakBytes;
    if (self !== 0) writeUsage(memory, self, { cpuMs, peakMemoryBytes });
    if (children !== 0) writeUsage(memory, children, process.children.waitedUsage);
    return undefined;
  }),

  proc_limit: hostcall(['i32', 'i32', 'i32'], (thread, resource, value, old) => {
    const { memory, process } = thread;
    const present = process.limits.get(resource);
    const wanted =
      value === 0
        ? undefined
        : { current: memory.readU64(value), maximum: memory.readU64(value + 8) };
    if (old !== 0) {
      memory.bytes(old, 16);
      memory.writeU64(old, present.current);
      memory.writeU64(old + 8, present.maximum);
    }
    if (!wanted) return undefined;
    process.limits.set(resource, wanted, isPrivileged(process.credentials));
    if (resource === RESOURCE.openFiles) process.fds.limit = Number(wanted.current);
    return undefined;
  }),

  hostname_get: hostcall(['i32', 'i32', 'i32'], (thread, name, capacity, length) => {
    const bytes = new TextEncoder().encode(thread.system.hostname);
    thread.memory.writeU32(length, bytes.length);
    const part = bytes.subarray(0, capacity >>> 0);
    thread.memory.bytes(name, part.length).set(part);
    return undefined;
  }),

  hostname_set: hostcall(['i32', 'i32'], (thread, name, length) => {
    if (!isPrivileged(thread.process.credentials)) throw ERRNO.EPERM;
    if (length >>> 0 > MAX_HOSTNAME) throw ERRNO.EINVAL;
    thread.system.hostname = readText(thread.memory, name, length);
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

/** As Linux's __NEW_UTS_LEN. */
const MAX_HOSTNAME = 64;

/** The process of that pid, 0 being the caller. Throws ESRCH. */
function find({ process }: Thread, pid: number): Process {
  const found = pid === 0 ? process : process.system.processes.get(pid);
  if (!found) throw ERRNO.ESRCH;
  return found;
}

/** Time in the kernel is not told apart: all of it is the user's. */
function writeUsage(
  memory: GuestMemory,
  pointer: number,
  { cpuMs, peakMemoryBytes }: ChildUsage,
): void {
  memory.bytes(pointer, USAGE_SIZE).fill(0);
  memory.writeU64(pointer, BigInt(Math.round(cpuMs * 1e6)));
  memory.writeU64(pointer + 16, BigInt(peakMemoryBytes));
}
