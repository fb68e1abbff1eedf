import { ERRNO } from '../base/errno.ts';
import type { Process } from './process.ts';
import type { ThreadQuota } from './thread-quota.ts';

/** As Linux's default pid_max: pids stay below, and start over from `FIRST_REUSED_PID`. */
export const PID_MAX = 32_768;
/** As Linux's RESERVED_PIDS: the first pids are not given out again. */
const FIRST_REUSED_PID = 300;
export const INIT_PID = 1;
/**
 * How many there may be when nobody says: as many as systemd allows a service. Each costs the cell
 * memory and address space, which its other containers need, too.
 */
const DEFAULT_LIMIT = 4_915;

/** All processes of a container by their pids, the dead that nobody has waited for among them. */
export class ProcessTable {
  readonly #processes = new Map<number, Process>();
  #limit = DEFAULT_LIMIT;
  /** Threads that are not their process's first have a tid of the same numbers. */
  readonly #threadIds = new Set<number>();
  readonly #quota: ThreadQuota;
  #lastPid = 0;
  #forkCount = 0;

  /** `quota`: of all containers of the cell. */
  constructor(limit: number | undefined, quota: ThreadQuota) {
    this.#quota = quota;
    this.limit = limit;
  }

  /** How many there may be at once. */
  set limit(limit: number | undefined) {
    this.#limit = Math.min(limit ?? DEFAULT_LIMIT, PID_MAX - 1);
  }

  /** Processes and threads, as the pids controller counts them. */
  get count(): number {
    return this.#processes.size + this.#threadIds.size;
  }

  /** Pid 1, or nothing when it is gone. */
  get init(): Process | undefined {
    return this.#processes.get(INIT_PID);
  }

  get(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  all(): Iterable<Process> {
    return this.#processes.values();
  }

  living(): readonly Process[] {
    return [...this.#processes.values()].filter((process) => !process.isZombie);
  }

  /** The dead among them, by whom alone a group lives on. */
  inGroup(group: number): readonly Process[] {
    return [...this.#processes.values()].filter(({ processGroup }) => processGroup === group);
  }

  /** A number that is no pid, tid, process group or session. Throws EAGAIN at the limit. */
  allocatePid(): number {
    if (this.count >= this.#limit || !this.#quota.hasRoom) throw ERRNO.EAGAIN;
    for (let tries = 0; tries < PID_MAX; tries++) {
      this.#lastPid = this.#lastPid + 1 < PID_MAX ? this.#lastPid + 1 : FIRST_REUSED_PID;
      if (!this.#isTaken(this.#lastPid)) return this.#lastPid;
    }
    throw ERRNO.EAGAIN;
  }

  /** The pid that was given last. */
  get lastPid(): number {
    return this.#lastPid;
  }

  /** How many processes there were so far. */
  get forkCount(): number {
    return this.#forkCount;
  }

  add(process: Process): void {
    this.#forkCount++;
    this.#quota.take();
    this.#processes.set(process.pid, process);
  }

  /** The process has no thread any more, and will have none. */
  noteBuried(): void {
    this.#quota.release();
  }

  remove(process: Process): void {
    this.#processes.delete(process.pid);
  }

  /** Throws EAGAIN at the limit. */
  addThread(): number {
    const tid = this.allocatePid();
    this.#quota.take();
    this.#threadIds.add(tid);
    return tid;
  }

  removeThread(tid: number): void {
    if (this.#threadIds.delete(tid)) this.#quota.release();
  }

  #isTaken(pid: number): boolean {
    if (this.#processes.has(pid) || this.#threadIds.has(pid)) return true;
    for (const { processGroup, session } of this.#processes.values()) {
      if (processGroup === pid || session.id === pid) return true;
    }
    return false;
  }
}
