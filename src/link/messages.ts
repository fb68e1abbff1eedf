import * as v from 'valibot';
import { ERROR_KINDS } from '../base/engine-error.ts';
import { MAX_WINDOW_SIDE } from '../spec/window-size.ts';

/**
 * The messages of the link. The daemon trusts nothing that a cell says, because hostile code runs
 * beside the speaker: every string and number has a bound, and a message that does not fit ends the
 * cell.
 */
const MAX_TEXT = 4096;
const MAX_LIST = 65_536;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
/** Arguments and environment: as long as Linux allows one string to be (MAX_ARG_STRLEN). */
const argument = v.pipe(v.string(), v.maxLength(131_072));

const layerSource = v.object({ diffId: text, archivePath: text, indexPath: text });
const bindMount = v.object({ source: text, target: text, isReadOnly: v.boolean() });

const count = v.pipe(v.number(), v.finite());

const tmpfsMount = v.object({
  target: text,
  sizeBytes: count,
  maxFiles: count,
  mode: count,
  uid: count,
  gid: count,
  isReadOnly: v.boolean(),
});

const resources = v.object({
  cpuShares: count,
  cpuBandwidth: v.exactOptional(v.object({ quotaMicroseconds: count, periodMicroseconds: count })),
  cpusetCpus: v.exactOptional(text),
  memoryBytes: v.exactOptional(count),
  fuel: v.exactOptional(count),
  fuelPerSecond: v.exactOptional(count),
  pidsLimit: v.exactOptional(count),
});

const side = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_WINDOW_SIDE));
const windowSize = v.object({ columns: side, rows: side });

const usage = v.object({
  fuel: count,
  cpuNanoseconds: count,
  throttledNanoseconds: count,
  periodCount: count,
  throttledPeriodCount: count,
  memoryBytes: count,
  peakMemoryBytes: count,
  memoryFailureCount: count,
  processes: v.pipe(
    v.array(
      v.object({
        pid: count,
        command: text,
        fuel: count,
        cpuNanoseconds: count,
        memoryBytes: count,
      }),
    ),
    v.maxLength(MAX_LIST),
  ),
});

const commandFields = {
  args: v.pipe(v.array(argument), v.maxLength(MAX_LIST)),
  env: v.pipe(v.array(argument), v.maxLength(MAX_LIST)),
  workingDirectory: text,
};

/** A program that the daemon starts: a container's first, or one beside it. */
const processFields = {
  ...commandFields,
  /** `user[:group]`, names or numbers, of the container's /etc/passwd and /etc/group; '' is root. */
  user: text,
  /** Its standard streams are one terminal, and it leads a session of its own that has it. */
  hasTerminal: v.boolean(),
  hasStdin: v.boolean(),
  /** The terminal's size; 0 by 0 when absent. */
  window: v.exactOptional(windowSize),
};

const startMessage = v.object({
  type: v.literal('start'),
  containerId: text,
  hostname: text,
  rootfs: v.object({
    layers: v.array(layerSource),
    upperdir: text,
    isReadOnly: v.boolean(),
    sizeLimitBytes: v.exactOptional(count),
  }),
  mounts: v.array(bindMount),
  tmpfs: v.array(tmpfsMount),
  ...processFields,
  /** The first process is one of ours that reaps orphans and passes signals on. */
  isInit: v.boolean(),
  resources,
  /** Others may run beside it. */
  isCellShared: v.boolean(),
});

/**
 * What the daemon says to a cell; all but `warm`, `synced` and `shutdown` are about the frame's task. `start` and `exec`
 * are answered by `started` or `refused`, and after `started` there comes one `exited`; `pause`, `resume` and
 * `update` are answered by `done`, `usage` by `usage`, in the order in which they came.
 *
 * A task is what has standard streams over the link: a container's first process, or one that `exec` puts
 * beside it under a number of its own. `signal` and `resize` are for either, the others for containers alone.
 * With the end of a container's first process its others end; theirs is told before its own.
 */
const daemonMessage = v.variant('type', [
  startMessage,
  /** A process more in the container that was started as task `container`. */
  v.object({ type: v.literal('exec'), container: count, ...processFields }),
  /** A container like this may follow: its program can be made ready. Not answered. */
  v.object({ type: v.literal('warm'), layers: v.array(layerSource), ...commandFields }),
  v.object({ type: v.literal('pause') }),
  v.object({ type: v.literal('resume') }),
  v.object({ type: v.literal('update'), resources }),
  v.object({ type: v.literal('usage') }),
  v.object({ type: v.literal('signal'), signal: v.number() }),
  v.object({ type: v.literal('resize'), ...windowSize.entries }),
  /** Answers `sync`; without a code it is done. */
  v.object({ type: v.literal('synced'), id: count, code: v.exactOptional(text) }),
  v.object({ type: v.literal('shutdown') }),
]);

const exitCode = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

/** What a cell says to the daemon. */
const cellMessage = v.variant('type', [
  v.object({ type: v.literal('hello'), version: v.number(), pid: v.number() }),
  v.object({ type: v.literal('started') }),
  v.object({ type: v.literal('refused'), kind: v.picklist(ERROR_KINDS), message: text }),
  v.object({
    type: v.literal('exited'),
    exitCode,
    reason: v.exactOptional(text),
    isOutOfMemory: v.boolean(),
    /** The container's; not of an exec. */
    usage: v.exactOptional(usage),
    /** Of all hostcalls of the cell so far, when it is deterministic. */
    trace: v.exactOptional(text),
  }),
  v.object({ type: v.literal('done') }),
  v.object({ type: v.literal('usage'), usage }),
  /** A file is to be on stable storage; see permitted-files.ts. Answered by `synced`. */
  v.object({
    type: v.literal('sync'),
    id: count,
    path: text,
    device: text,
    inode: text,
    dataOnly: v.boolean(),
  }),
  /** Once a second: the event loop turns, whatever the guests do. */
  v.object({ type: v.literal('heartbeat') }),
]);

export type StartMessage = v.InferOutput<typeof startMessage>;
export type ExecMessage = DaemonMessage & { readonly type: 'exec' };
export type UsageMessage = v.InferOutput<typeof usage>;
export type WarmMessage = DaemonMessage & { readonly type: 'warm' };
export type DaemonMessage = v.InferOutput<typeof daemonMessage>;
export type CellMessage = v.InferOutput<typeof cellMessage>;

/** # Errors: throws (SyntaxError, ValiError) on what is no message of a cell. */
export function parseCellMessage(json: string): CellMessage {
  return v.parse(cellMessage, JSON.parse(json));
}

/** # Errors: throws (SyntaxError, ValiError) on what is no message of a daemon of this version. */
export function parseDaemonMessage(json: string): DaemonMessage {
  return v.parse(daemonMessage, JSON.parse(json));
}

/** Cuts a text that goes into a message to what the schema allows. */
export function boundedText(value: string): string {
  return value.length <= MAX_TEXT ? value : `${value.slice(0, MAX_TEXT - 1)}…`;
}
