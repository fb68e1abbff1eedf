import type { ProcLimit, ProcMachine, ProcProcess, ProcState } from './proc-source.ts';

/** What stands in the files of /proc/<pid>, as proc_pid_*(5) has them. */

/** USER_HZ: times are told in hundredths of a second. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;
/** Linux's TASK_COMM_LEN, less the NUL. */
const MAX_COMM_BYTES = 15;

export function ticksOf(milliseconds: number): number {
  return Math.floor(milliseconds / TICK_MS);
}

/** The name, cut to what Linux keeps of it. */
export function commOf(process: ProcProcess): string {
  const bytes = new TextEncoder().encode(process.name);
  if (bytes.length <= MAX_COMM_BYTES) return process.name;
  return new TextDecoder().decode(bytes.subarray(0, MAX_COMM_BYTES));
}

/** Strings one after the other, each with its NUL. */
export function blobOf(strings: readonly string[]): string {
  return strings.map((text) => `${text}\0`).join('');
}

/** proc_pid_stat(5): 52 fields; those that mean nothing here are 0. */
export function statOf(process: ProcProcess): string {
  const { signals, memoryBytes } = process;
  const fields: readonly (string | number | bigint)[] = [
    process.pid,
    `(${commOf(process)})`,
    process.state,
    process.parentPid,
    process.group,
    process.session,
    process.terminal,
    process.foregroundGroup,
    ...zeros(5), // flags, minflt, cminflt, majflt, cmajflt
    ticksOf(process.userMs),
    ticksOf(process.systemMs),
    ticksOf(process.childrenUserMs),
    ticksOf(process.childrenSystemMs),
    ...[20, 0], // priority, nice
    process.threadIds.length,
    0, // itrealvalue
    ticksOf(process.startedMs),
    memoryBytes,
    Math.ceil(memoryBytes / PAGE_BYTES),
    '18446744073709551615', // rsslim
    ...zeros(5), // startcode, endcode, startstack, kstkesp, kstkeip
    BigInt.asUintN(31, signals.pending),
    BigInt.asUintN(31, signals.blocked),
    BigInt.asUintN(31, signals.ignored),
    BigInt.asUintN(31, signals.caught),
    ...zeros(3), // wchan, nswap, cnswap
    SIGCHLD,
    ...zeros(13), // processor … env_end
    process.exitStatus,
  ];
  return `${fields.join(' ')}\n`;
}

/** What a parent is told with. */
const SIGCHLD = 17;

function zeros(count: number): readonly number[] {
  return new Array<number>(count).fill(0);
}

/** proc_pid_statm(5): in pages. All memory of a program is data here. */
export function statmOf({ memoryBytes }: ProcProcess): string {
  const pages = Math.ceil(memoryBytes / PAGE_BYTES);
  return `${pages} ${pages} 0 0 0 ${pages} 0\n`;
}

const STATE_NAMES: { readonly [State in ProcState]: string } = {
  R: 'R (running)',
  S: 'S (sleeping)',
  T: 'T (stopped)',
  Z: 'Z (zombie)',
};

/** proc_pid_status(5), without what is about Linux's own memory and cpusets. */
export function statusOf(process: ProcProcess, machine: ProcMachine): string {
  const { signals, uids, gids } = process;
  const memory = kilobytes(process.memoryBytes);
  const lines: readonly (readonly [string, string | number])[] = [
    ['Name', escapeName(commOf(process))],
    ['Umask', `0${process.umask.toString(8).padStart(3, '0')}`],
    ['State', STATE_NAMES[process.state]],
    ['Tgid', process.pid],
    ['Ngid', 0],
    ['Pid', process.pid],
    ['PPid', process.parentPid],
    ['TracerPid', 0],
    ['Uid', uids.join('\t')],
    ['Gid', gids.join('\t')],
    ['FDSize', 64],
    ['Groups', `${process.groups.join(' ')} `],
    ['NStgid', process.pid],
    ['NSpid', process.pid],
    ['NSpgid', process.group],
    ['NSsid', process.session],
    ['VmPeak', kilobytes(process.peakMemoryBytes)],
    ['VmSize', memory],
    ['VmLck', kilobytes(0)],
    ['VmPin', kilobytes(0)],
    ['VmHWM', kilobytes(process.peakMemoryBytes)],
    ['VmRSS', memory],
    ['RssAnon', memory],
    ['RssFile', kilobytes(0)],
    ['RssShmem', kilobytes(0)],
    ['VmData', memory],
    ['VmStk', kilobytes(0)],
    ['VmExe', kilobytes(0)],
    ['VmLib', kilobytes(0)],
    ['VmPTE', kilobytes(0)],
    ['VmSwap', kilobytes(0)],
    ['Threads', process.threadIds.length],
    ['SigPnd', signalSet(signals.pending)],
    ['ShdPnd', signalSet(signals.sharedPending)],
    ['SigBlk', signalSet(signals.blocked)],
    ['SigIgn', signalSet(signals.ignored)],
    ['SigCgt', signalSet(signals.caught)],
    ['NoNewPrivs', 1],
    ['Cpus_allowed', ((1n << BigInt(machine.cpuCount)) - 1n).toString(16)],
    ['Cpus_allowed_list', machine.cpuCount === 1 ? '0' : `0-${machine.cpuCount - 1}`],
    ['voluntary_ctxt_switches', 0],
    ['nonvoluntary_ctxt_switches', 0],
  ];
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join('');
}

function kilobytes(bytes: number): string {
  return `${String(Math.ceil(bytes / 1024)).padStart(8)} kB`;
}

function signalSet(set: bigint): string {
  return set.toString(16).padStart(16, '0');
}

/** A name must not look like another line. */
function escapeName(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** The resources of getrlimit(2), in the order of their numbers. */
const RESOURCES: readonly (readonly [name: string, unit: string])[] = [
  ['Max cpu time', 'seconds'],
  ['Max file size', 'bytes'],
  ['Max data size', 'bytes'],
  ['Max stack size', 'bytes'],
  ['Max core file size', 'bytes'],
  ['Max resident set', 'bytes'],
  ['Max processes', 'processes'],
  ['Max open files', 'files'],
  ['Max locked memory', 'bytes'],
  ['Max address space', 'bytes'],
  ['Max file locks', 'locks'],
  ['Max pending signals', 'signals'],
  ['Max msgqueue size', 'bytes'],
  ['Max nice priority', ''],
  ['Max realtime priority', ''],
  ['Max realtime timeout', 'us'],
];

export function limitsOf({ limits }: ProcProcess): string {
  const row = (...[name, soft, hard, unit]: readonly [string, string, string, string]): string =>
    `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${unit.padEnd(10)}\n`;
  const rows = RESOURCES.map(([name, unit], number) => {
    const { soft, hard } = limits[number] ?? UNLIMITED;
    return row(name, String(soft ?? 'unlimited'), String(hard ?? 'unlimited'), unit);
  });
  return [row('Limit', 'Soft Limit', 'Hard Limit', 'Units'), ...rows].join('');
}

const UNLIMITED: ProcLimit = { soft: undefined, hard: undefined };

export function ioOf({ io }: ProcProcess): string {
  const lines: readonly (readonly [string, number])[] = [
    ['rchar', io.readBytes],
    ['wchar', io.writtenBytes],
    ['syscr', io.readCalls],
    ['syscw', io.writeCalls],
    ['read_bytes', 0],
    ['write_bytes', 0],
    ['cancelled_write_bytes', 0],
  ];
  return lines.map(([name, value]) => `${name}: ${value}\n`).join('');
}
