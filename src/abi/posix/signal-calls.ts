import { ERRNO } from '../../base/errno.ts';
import { LAST_SIGNAL, SIGNALS } from '../../base/signals.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import { blockable, type SignalAction, type SignalInfo } from '../../kernel/signals.ts';
import type { Thread } from '../../kernel/thread.ts';
import { WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, hostcall, interruptibleHostcall } from '../hostcall.ts';

const ACTION_SIZE = 16;
const INFO_SIZE = 24;
const KINDS: readonly (SignalAction['kind'] | undefined)[] = ['default', 'ignore', 'handler'];
const HOW = { block: 0, unblock: 1, set: 2 } as const;

/** What signals do, and waiting for them. */
export const SIGNAL_CALLS = {
  signal_action: hostcall(['i32', 'i32', 'i32'], (thread, signal, action, old) => {
    const { memory, process } = thread;
    if (signal < 1 || signal > LAST_SIGNAL) throw ERRNO.EINVAL;
    const present = process.signals.action(signal);
    const wanted = action === 0 ? undefined : readAction(memory, action);
    if (old !== 0) writeAction(memory, old, present);
    if (!wanted) return undefined;
    process.signals.setAction(signal, wanted);
    process.dispatchSignals();
    return undefined;
  }),

  signal_mask: hostcall(['i32', 'i32', 'i32'], (thread, how, set, old) => {
    const { memory } = thread;
    const present = thread.signalMask;
    const given = set === 0 ? undefined : blockable(memory.readU64(set));
    if (old !== 0) memory.writeU64(old, present);
    if (given === undefined) return undefined;
    switch (how) {
      case HOW.block:
        setMask(thread, present | given);
        return undefined;
      case HOW.unblock:
        setMask(thread, present & ~given);
        return undefined;
      case HOW.set:
        setMask(thread, given);
        return undefined;
      default:
        throw ERRNO.EINVAL;
    }
  }),

  signal_pending: hostcall(['i32'], (thread, set) => {
    thread.memory.writeU64(set, thread.process.signals.pendingSet & thread.signalMask);
    return undefined;
  }),

  signal_suspend: interruptibleHostcall(['i32'], (thread, mask) => {
    if (thread.retry instanceof Suspension) {
      if (thread.isInterrupted) {
        setMask(thread, thread.retry.mask);
        throw ERRNO.EINTR;
      }
    } else {
      const wanted = blockable(thread.memory.readU64(mask));
      thread.retry = new Suspension(thread.signalMask);
      setMask(thread, wanted);
    }
    thread.blockOn({ queues: [thread.process.signalArrived] });
    return WOULD_BLOCK;
  }),

  signal_wait: interruptibleHostcall(['i32', 'i64', 'i32'], (thread, set, timeoutNs, info) => {
    const { memory, process, system } = thread;
    const wanted = blockable(memory.readU64(set));
    memory.bytes(info, INFO_SIZE);
    const found = process.signals.take(wanted);
    if (found) {
      writeInfo(memory, info, found);
      return undefined;
    }
    const nowNs = system.clock.monotonicNs();
    const retry = thread.retry;
    const deadlineNs = retry instanceof SignalDeadline ? retry.timeNs : nowNs + timeoutNs;
    if (timeoutNs >= 0n && nowNs >= deadlineNs) throw ERRNO.EAGAIN;
    thread.retry = new SignalDeadline(deadlineNs);
    const queues = [process.signalArrived];
    thread.blockOn(timeoutNs < 0n ? { queues } : { queues, deadlineNs });
    return WOULD_BLOCK;
  }),

  signal_info: hostcall(['i32'], (thread, info) => {
    thread.memory.bytes(info, INFO_SIZE);
    return writeInfo(thread.memory, info, thread.signalInfo);
  }),

  timer: hostcall(['i32', 'i32'], (thread, value, old) => {
    const { memory, process } = thread;
    const { valueNs, intervalNs } = process.timer.state;
    const wanted =
      value === 0 ? undefined : { value: memory.readU64(value), next: memory.readU64(value + 8) };
    if (old !== 0) {
      memory.bytes(old, 16);
      memory.writeU64(old, valueNs);
      memory.writeU64(old + 8, intervalNs);
    }
    if (wanted) process.setTimer(SIGNALS.SIGALRM, wanted.value, wanted.next);
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

/** What a call keeps between its tries: the mask that sigsuspend(2) brings back. */
class Suspension {
  readonly mask: bigint;

  constructor(mask: bigint) {
    this.mask = mask;
  }
}

/** And the end of sigtimedwait(2)'s patience. */
class SignalDeadline {
  readonly timeNs: bigint;

  constructor(timeNs: bigint) {
    this.timeNs = timeNs;
  }
}

function setMask(thread: Thread, mask: bigint): void {
  thread.signalMask = mask;
  thread.hasAttention = true;
  thread.process.dispatchSignals();
}

function readAction(memory: GuestMemory, at: number): SignalAction {
  memory.bytes(at, ACTION_SIZE);
  const kind = KINDS[memory.readU32(at)];
  if (!kind) throw ERRNO.EINVAL;
  return { kind, flags: memory.readU32(at + 4), mask: memory.readU64(at + 8) };
}

function writeAction(memory: GuestMemory, at: number, { kind, flags, mask }: SignalAction): void {
  memory.bytes(at, ACTION_SIZE);
  memory.writeU32(at, KINDS.indexOf(kind));
  memory.writeU32(at + 4, flags);
  memory.writeU64(at + 8, mask);
}

function writeInfo(memory: GuestMemory, at: number, info: SignalInfo): undefined {
  const { signal, code, pid, uid, status } = info;
  [signal, code, pid, uid, status, 0].forEach((value, index) => {
    memory.writeU32((at >>> 0) + index * 4, value);
  });
}
