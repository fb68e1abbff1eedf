import { ticksOf } from './proc-process-text.ts';
import type { ProcMachine } from './proc-source.ts';

/** What stands in the files of /proc that are about the machine, as proc(5) has them. */

export function cpuInfoOf({ cpuCount, cpuModel, cpuMhz }: ProcMachine): string {
  const cpus: string[] = [];
  for (let index = 0; index < cpuCount; index++) {
    const lines: readonly (readonly [string, string | number])[] = [
      ['processor\t', index],
      ['vendor_id\t', 'wolffia'],
      ['model name\t', cpuModel],
      ['cpu MHz\t\t', cpuMhz.toFixed(3)],
      ['physical id\t', 0],
      ['siblings\t', cpuCount],
      ['core id\t\t', index],
      ['cpu cores\t', cpuCount],
      ['bogomips\t', (cpuMhz * 2).toFixed(2)],
    ];
    cpus.push(`${lines.map(([name, value]) => `${name}: ${value}\n`).join('')}\n`);
  }
  return cpus.join('');
}

export function memInfoOf(machine: ProcMachine): string {
  const { totalMemoryBytes, usedMemoryBytes, sharedMemoryBytes } = machine;
  const free = Math.max(0, totalMemoryBytes - usedMemoryBytes);
  const lines: readonly (readonly [string, number])[] = [
    ['MemTotal', totalMemoryBytes],
    ['MemFree', free],
    ['MemAvailable', free],
    ['Buffers', 0],
    ['Cached', sharedMemoryBytes],
    ['SwapCached', 0],
    ['Active', usedMemoryBytes],
    ['Inactive', 0],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Dirty', 0],
    ['Writeback', 0],
    ['AnonPages', Math.max(0, usedMemoryBytes - sharedMemoryBytes)],
    ['Mapped', 0],
    ['Shmem', sharedMemoryBytes],
    ['KReclaimable', 0],
    ['Slab', 0],
    ['SReclaimable', 0],
    ['SUnreclaim', 0],
    ['KernelStack', 0],
    ['PageTables', 0],
    ['CommitLimit', totalMemoryBytes],
    ['Committed_AS', usedMemoryBytes],
  ];
  return lines
    .map(([name, bytes]) => {
      return `${`${name}:`.padEnd(15)} ${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`;
    })
    .join('');
}

export function loadAverageOf(
  { loads, lastPid }: ProcMachine,
  counts: { readonly running: number; readonly all: number },
): string {
  const averages = loads.map((load) => load.toFixed(2)).join(' ');
  return `${averages} ${counts.running}/${counts.all} ${lastPid}\n`;
}

export function uptimeOf({ uptimeMs, cpuCount, busyMs }: ProcMachine): string {
  const idleMs = Math.max(0, uptimeMs * cpuCount - busyMs);
  return `${(uptimeMs / 1000).toFixed(2)} ${(idleMs / 1000).toFixed(2)}\n`;
}

export function versionOf({ release, version }: ProcMachine): string {
  return `Linux version ${release} (wolffia) ${version}\n`;
}

/** proc_stat(5). Work is not told apart by processors: each has its share of it. */
export function machineStatOf(machine: ProcMachine, runningCount: number): string {
  const { cpuCount, busyMs, uptimeMs, startedNs, forkCount } = machine;
  const line = (name: string, busy: number, whole: number): string => {
    const idle = ticksOf(Math.max(0, whole - busy));
    return `${name} ${ticksOf(busy)} 0 0 ${idle} 0 0 0 0 0 0\n`;
  };
  const cpus = Array.from({ length: cpuCount }, (_, index) => {
    return line(`cpu${index}`, busyMs / cpuCount, uptimeMs);
  });
  return [
    line('cpu ', busyMs, uptimeMs * cpuCount),
    ...cpus,
    'intr 0\n',
    'ctxt 0\n',
    `btime ${startedNs / 1_000_000_000n}\n`,
    `processes ${forkCount}\n`,
    `procs_running ${runningCount}\n`,
    'procs_blocked 0\n',
  ].join('');
}

export const FILE_SYSTEMS_TEXT = ['nodev\ttmpfs', 'nodev\tproc', 'nodev\toverlay', '\twolffia']
  .map((line) => `${line}\n`)
  .join('');
