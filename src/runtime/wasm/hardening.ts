import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { EngineError, messageOf } from '../../base/engine-error.ts';
import type { Log } from '../../base/log.ts';
import type { Hardening } from '../contract.ts';
import { seccompFilter } from './seccomp-filter.ts';

/**
 * What keeps a cell from the host if a guest should break out of WebAssembly: everything of this
 * that the machine offers to an ordinary user, found out once when the daemon starts.
 *
 * | name | by | keeps a cell from |
 * | --- | --- | --- |
 * | permission-model | Node | starting programs, threads and add-ons, the network |
 * | memory-ceiling | prlimit | taking all of the machine's memory |
 * | namespaces | bwrap | seeing and signalling other processes, the network, privileges |
 * | seccomp | bwrap | system calls that only an attack would make |
 */
export class CellHardening {
  /** Goes before the Node of a cell on its command line. */
  readonly launcher: readonly string[];
  readonly nodeFlags: readonly string[];
  readonly facts: readonly Hardening[];
  /** What a cell may take of the machine's memory, its stacks in full; undefined: no limit holds. */
  readonly memoryCeilingBytes: number | undefined;
  readonly #seccompPath: string | undefined;
  readonly #taskset: string | undefined;
  readonly #log: Log;

  constructor(parts: {
    readonly launcher: readonly string[];
    readonly nodeFlags: readonly string[];
    readonly facts: readonly Hardening[];
    readonly memoryCeilingBytes: number | undefined;
    readonly seccompPath: string | undefined;
    readonly taskset: string | undefined;
    readonly log: Log;
  }) {
    this.launcher = parts.launcher;
    this.nodeFlags = parts.nodeFlags;
    this.facts = parts.facts;
    this.memoryCeilingBytes = parts.memoryCeilingBytes;
    this.#seccompPath = parts.seccompPath;
    this.#taskset = parts.taskset;
    this.#log = parts.log;
  }

  get canPin(): boolean {
    return this.#taskset !== undefined;
  }

  /**
   * Descriptors that the launcher reads, to be inherited behind the link as `SECCOMP_FD`; the
   * caller closes them once the cell is spawned.
   */
  openFds(): readonly number[] {
    return this.#seccompPath === undefined ? [] : [openSync(this.#seccompPath, 'r')];
  }

  /**
   * Binds a cell and all its threads to these CPUs.
   *
   * # Errors
   * invalid-argument: there are no such CPUs
   */
  pin(pid: number, cpus: string): void {
    if (this.#taskset === undefined) return;
    for (const target of [pid, ...childrenOf(pid)]) {
      const { status, stderr } = spawnSync(this.#taskset, ['-acp', cpus, String(target)]);
      if (status === 0) continue;
      this.#log.warn('cannot pin a cell', { pid: target, cpus, reason: stderr.toString().trim() });
      throw new EngineError(
        'invalid-argument',
        `cannot bind the container to CPUs ${cpus}: ${stderr.toString().trim()}`,
      );
    }
  }
}

/** Behind the standard three and the link. */
const SECCOMP_FD = 4;
/** Of the machine's memory, what one cell may take at most. */
const MEMORY_CEILING_SHARE = 0.8;
const PROBE_TIMEOUT_MS = 5_000;

export interface ProbeOptions {
  readonly environmentPath: string;
  readonly dataRoot: string;
  readonly log: Log;
}

export function probeHardening({ environmentPath, dataRoot, log }: ProbeOptions): CellHardening {
  const find = (name: string): string | undefined => findProgram(name, environmentPath);
  const facts: Hardening[] = [{ name: 'permission-model' }];
  const launcher: string[] = [];
  const prlimit = find('prlimit');
  const ceiling = Math.floor(totalmem() * MEMORY_CEILING_SHARE);
  const limiter = [prlimit ?? '', `--data=${ceiling}:${ceiling}`];
  const noLimit = prlimit ? failureOf([...limiter, 'true']) : notInstalled('prlimit');
  facts.push(noteOf('memory-ceiling', noLimit));
  if (noLimit === undefined) launcher.push(...limiter);

  const bwrap = find('bwrap');
  const sandbox = [bwrap ?? '', ...NAMESPACE_FLAGS];
  const noSandbox = bwrap ? failureOf([...sandbox, '--', 'true']) : notInstalled('bwrap');
  facts.push(noteOf('namespaces', noSandbox));
  let seccompPath: string | undefined;
  if (noSandbox === undefined) {
    launcher.push(...sandbox);
    const filter = seccompFilter(process.arch);
    if (filter) {
      seccompPath = join(dataRoot, 'seccomp.bpf');
      writeFileSync(seccompPath, filter, { mode: 0o600 });
      launcher.push('--seccomp', String(SECCOMP_FD));
    }
    const missing = filter ? undefined : `no filter for ${process.arch}`;
    facts.push(noteOf('seccomp', missing));
    launcher.push('--');
  } else {
    facts.push(noteOf('seccomp', noSandbox));
  }
  return new CellHardening({
    launcher,
    nodeFlags: PERMISSION_FLAGS,
    facts,
    memoryCeilingBytes: noLimit === undefined ? ceiling : undefined,
    seccompPath,
    taskset: find('taskset'),
    log,
  });
}

/**
 * Files stay open to all of it, as what containers will mount is not known yet when a cell is
 * started; which of them a guest reaches is the VFS's.
 */
const PERMISSION_FLAGS = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'] as const;

const NAMESPACE_FLAGS = [
  ...['--unshare-user-try', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net'],
  ...['--unshare-cgroup-try', '--die-with-parent', '--cap-drop', 'ALL'],
  // Devices and files as they are; of processes only its own are seen.
  ...['--dev-bind', '/', '/', '--proc', '/proc'],
] as const;

function noteOf(name: string, missingBecause: string | undefined): Hardening {
  return missingBecause === undefined ? { name } : { name, missingBecause };
}

function notInstalled(name: string): string {
  return `${name} is not installed`;
}

/** Why a command does not work here; undefined when it does. */
function failureOf([program = '', ...args]: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { timeout: PROBE_TIMEOUT_MS });
  if (error) return messageOf(error);
  if (status === 0) return undefined;
  return stderr.toString().trim().split('\n')[0] || `${program} exited with ${String(status)}`;
}

function findProgram(name: string, path: string): string | undefined {
  // Tools of the system stand where an ordinary user's PATH does not always lead.
  for (const directory of [...path.split(delimiter), '/usr/sbin', '/sbin']) {
    if (directory === '') continue;
    const candidate = join(directory, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** A launcher that stays makes the cell its child's child. */
function childrenOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children
      .split(' ')
      .filter(Boolean)
      .map(Number)
      .flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    // No /proc, or the process has ended.
    return [];
  }
}

/** Closes descriptors that a child has inherited. */
export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) closeSync(fd);
}
