import { ERRNO, Errno } from '../../base/errno.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Thread } from '../../kernel/thread.ts';
import type { WaitQueue } from '../../kernel/wait-queue.ts';
import { WOULD_BLOCK } from '../glue.ts';
import { type Hostcall, interruptibleHostcall } from '../hostcall.ts';
import { readClock } from './clock.ts';
import { readyBytes } from './fd-io.ts';
import {
  CLOCK_ABSOLUTE,
  CLOCKS,
  ERRNO_NUMBERS,
  EVENT_HANGUP,
  EVENT_TYPES,
  RIGHTS,
} from './numbers.ts';
import { requireRights } from './rights.ts';

/** Where things stand in a subscription. */
export interface SubscriptionLayout {
  readonly sizeBytes: number;
  readonly clock: number;
  readonly timeout: number;
  readonly clockFlags: number;
}

const SUBSCRIPTION: SubscriptionLayout = {
  sizeBytes: 48,
  clock: 16,
  timeout: 24,
  clockFlags: 40,
};
const EVENT_SIZE = 32;
/** More than fds there can be; a guest-chosen count bounds a loop of ours. */
const MAX_SUBSCRIPTIONS = 4096;

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  readonly target:
    | { readonly type: 'clock'; readonly deadlineNs: bigint }
    | { readonly type: 'fd'; readonly fd: number }
    | { readonly type: 'invalid' };
}

interface Event {
  readonly userdata: bigint;
  readonly type: number;
  readonly error: number;
  readonly bytes: bigint;
  readonly flags: number;
}

export const POLL_CALLS = {
  poll_oneoff: pollCall(SUBSCRIPTION),
} satisfies Record<string, Hostcall>;

export function pollCall(layout: SubscriptionLayout): Hostcall {
  return interruptibleHostcall(
    ['i32', 'i32', 'i32', 'i32'],
    (thread, input, output, count, stored) => {
      const length = count >>> 0;
      if (length === 0 || length > MAX_SUBSCRIPTIONS) throw ERRNO.EINVAL;
      thread.memory.bytes(output, length * EVENT_SIZE);
      thread.memory.bytes(stored, 4);
      // Kept between tries: a relative timeout counts from the first one.
      const subscriptions = isSubscriptions(thread.retry)
        ? thread.retry
        : readSubscriptions(thread, input, length, layout);
      const queues: WaitQueue[] = [];
      const events = subscriptions.flatMap((subscription) => {
        const event = check(thread, subscription, queues);
        return event ? [event] : [];
      });
      if (events.length === 0) {
        thread.retry = subscriptions;
        thread.blockOn({ queues, ...earliest(subscriptions) });
        return WOULD_BLOCK;
      }
      for (const [index, event] of events.entries()) {
        writeEvent(thread.memory, (output >>> 0) + index * EVENT_SIZE, event);
      }
      thread.memory.writeU32(stored, events.length);
      return undefined;
    },
  );
}

function isSubscriptions(retry: unknown): retry is readonly Subscription[] {
  return Array.isArray(retry);
}

function readSubscriptions(
  thread: Thread,
  input: number,
  count: number,
  layout: SubscriptionLayout,
): Subscription[] {
  const { memory } = thread;
  memory.bytes(input, count * layout.sizeBytes);
  return Array.from({ length: count }, (_, index) => {
    const at = (input >>> 0) + index * layout.sizeBytes;
    const type = memory.readU8(at + 8);
    return { userdata: memory.readU64(at), type, target: readTarget(thread, at, type, layout) };
  });
}

function readTarget(
  thread: Thread,
  at: number,
  type: number,
  layout: SubscriptionLayout,
): Subscription['target'] {
  const { memory } = thread;
  switch (type) {
    case EVENT_TYPES.fdRead:
    case EVENT_TYPES.fdWrite:
      return { type: 'fd', fd: memory.readU32(at + 16) };
    case EVENT_TYPES.clock:
      return clockTarget(
        thread,
        memory.readU32(at + layout.clock),
        memory.readU64(at + layout.timeout),
        (memory.readU16(at + layout.clockFlags) & CLOCK_ABSOLUTE) !== 0,
      );
    default:
      throw ERRNO.EINVAL;
  }
}

/**
 * Every timeout becomes a time of the monotonic clock. A clock that cannot be waited for is an
 * event with EINVAL.
 */
function clockTarget(
  thread: Thread,
  clock: number,
  timeout: bigint,
  isAbsolute: boolean,
): Subscription['target'] {
  if (clock !== CLOCKS.realtime && clock !== CLOCKS.monotonic) return { type: 'invalid' };
  const left = isAbsolute ? timeout - readClock(thread, clock) : timeout;
  return { type: 'clock', deadlineNs: thread.system.clock.monotonicNs() + (left > 0n ? left : 0n) };
}

/** The event of a subscription that is due; otherwise what to wait on is added to `queues`. */
function check(
  thread: Thread,
  { userdata, type, target }: Subscription,
  queues: WaitQueue[],
): Event | undefined {
  const event = (error: number, bytes = 0n, flags = 0): Event => ({
    userdata,
    type,
    error,
    bytes,
    flags,
  });
  switch (target.type) {
    case 'invalid':
      return event(ERRNO_NUMBERS.EINVAL);
    case 'clock':
      return thread.system.clock.monotonicNs() >= target.deadlineNs ? event(0) : undefined;
    case 'fd':
      try {
        const entry = thread.fds.get(target.fd);
        requireRights(entry, RIGHTS.pollFdReadwrite);
        const direction = type === EVENT_TYPES.fdRead ? 'readable' : 'writable';
        const state = readyBytes(entry.description, direction);
        if ('bytes' in state) return event(0, state.bytes, state.hangup ? EVENT_HANGUP : 0);
        queues.push(...(state.queues ?? []));
        return undefined;
      } catch (thrown) {
        if (thrown instanceof Errno) return event(ERRNO_NUMBERS[thrown.name]);
        throw thrown;
      }
  }
}

function earliest(subscriptions: readonly Subscription[]): { deadlineNs?: bigint } {
  let deadlineNs: bigint | undefined;
  for (const { target } of subscriptions) {
    if (target.type !== 'clock') continue;
    if (deadlineNs === undefined || target.deadlineNs < deadlineNs) deadlineNs = target.deadlineNs;
  }
  return deadlineNs === undefined ? {} : { deadlineNs };
}

function writeEvent(memory: GuestMemory, at: number, event: Event): void {
  memory.bytes(at, EVENT_SIZE).fill(0);
  memory.writeU64(at, event.userdata);
  memory.writeU16(at + 8, event.error);
  memory.writeU8(at + 10, event.type);
  memory.writeU64(at + 16, event.bytes);
  memory.writeU16(at + 24, event.flags);
}
