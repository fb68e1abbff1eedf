import { ERRNO } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import {
  CONTINUED_STATUS,
  encodeExitStatus,
  encodeStopped,
  exitCodeOf,
  type ProcessEnd,
} from './exit-status.ts';
import type { Process } from './process.ts';
import { ACTION_FLAGS, hasFlag, SIGNAL_CODES } from './signals.ts';
import { WaitQueue } from './wait-queue.ts';

/** What wait(2) tells of a child. */
export interface ChildReport {
  readonly pid: number;
  /** As Linux encodes it. */
  readonly status: number;
  readonly usage: ChildUsage;
}

export interface ChildUsage {
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
}

export interface WaitRequest {
  /** As waitpid(2): a pid, -1 for any, 0 for those of the caller's group, -N for those of group N. */
  readonly pid: number;
  readonly reportsStopped: boolean;
  readonly reportsContinued: boolean;
}

/** A process's children, from its point of view: what it can wait for. */
export class Children {
  /** Woken whenever one of them has something to report. */
  readonly changed = new WaitQueue();
  readonly #children = new Set<Process>();
  /** Statuses that have not been waited for: of those that were stopped or continued. */
  readonly #news = new Map<Process, number>();
  #waitedCpuMs = 0;
  #waitedPeakMemoryBytes = 0;

  add(child: Process): void {
    this.#children.add(child);
  }

  has(child: Process): boolean {
    return this.#children.has(child);
  }

  all(): Iterable<Process> {
    return this.#children;
  }

  /** Takes an orphan in; it may be over already. */
  adopt(child: Process): void {
    this.#children.add(child);
    if (child.ending && child.isZombie) this.noteEnded(child, child.ending);
  }

  /** Forgets a child that never came to life. */
  disown(child: Process): void {
    this.#children.delete(child);
    child.parent = undefined;
  }

  /** Gives all of them away. */
  handOver(): readonly Process[] {
    const children = [...this.#children];
    this.#children.clear();
    this.#news.clear();
    return children;
  }

  /** Of all children that were waited for. */
  get waitedUsage(): ChildUsage {
    return { cpuMs: this.#waitedCpuMs, peakMemoryBytes: this.#waitedPeakMemoryBytes };
  }

  noteEnded(child: Process, { status }: ProcessEnd): void {
    const { parent } = child;
    this.#news.delete(child);
    if (parent?.signals.reapsByItself) this.#remove(child);
    this.#tell(child, {
      code: status.type === 'exited' ? SIGNAL_CODES.childExited : SIGNAL_CODES.childKilled,
      status: status.type === 'exited' ? exitCodeOf(status) : status.signal,
    });
  }

  noteStopped(child: Process, signal: number): void {
    this.#news.set(child, encodeStopped(signal));
    const action = child.parent?.signals.action(SIGNALS.SIGCHLD);
    const isUnwanted = action !== undefined && hasFlag(action, ACTION_FLAGS.noChildStop);
    if (isUnwanted) this.changed.wakeAll();
    else this.#tell(child, { code: SIGNAL_CODES.childStopped, status: signal });
  }

  noteContinued(child: Process): void {
    this.#news.set(child, CONTINUED_STATUS);
    this.#tell(child, { code: SIGNAL_CODES.childContinued, status: SIGNALS.SIGCONT });
  }

  /**
   * Takes a report of a child; undefined when there is none yet. Throws ECHILD when no child is
   * what is waited for.
   */
  take(request: WaitRequest, ownGroup: number): ChildReport | undefined {
    let isAny = false;
    for (const child of this.#children) {
      if (!isWanted(child, request.pid, ownGroup)) continue;
      isAny = true;
      if (child.isZombie && child.ending) return this.#reap(child, child.ending);
      const news = this.#news.get(child);
      if (news === undefined) continue;
      if (news === CONTINUED_STATUS ? !request.reportsContinued : !request.reportsStopped) continue;
      this.#news.delete(child);
      return { pid: child.pid, status: news, usage: usageOf(child) };
    }
    if (!isAny) throw ERRNO.ECHILD;
    return undefined;
  }

  #reap(child: Process, { status }: ProcessEnd): ChildReport {
    const usage = usageOf(child);
    this.#remove(child);
    return { pid: child.pid, status: encodeExitStatus(status), usage };
  }

  #remove(child: Process): void {
    const { cpuMs, peakMemoryBytes } = usageOf(child);
    this.#waitedCpuMs += cpuMs;
    this.#waitedPeakMemoryBytes = Math.max(this.#waitedPeakMemoryBytes, peakMemoryBytes);
    this.#children.delete(child);
    this.#news.delete(child);
    child.system.processes.remove(child);
  }

  #tell(child: Process, { code, status }: { code: number; status: number }): void {
    this.changed.wakeAll();
    const uid = child.credentials.user.real;
    child.parent?.post({ signal: SIGNALS.SIGCHLD, code, pid: child.pid, uid, status });
  }
}

function usageOf(child: Process): ChildUsage {
  const { cpuMs, peakMemoryBytes } = child.children.waitedUsage;
  return {
    cpuMs: child.cpuTimeMs + cpuMs,
    peakMemoryBytes: Math.max(child.memory.peakBytes, peakMemoryBytes),
  };
}

function isWanted(child: Process, pid: number, ownGroup: number): boolean {
  if (pid === -1) return true;
  if (pid === 0) return child.processGroup === ownGroup;
  return pid < 0 ? child.processGroup === -pid : child.pid === pid;
}
