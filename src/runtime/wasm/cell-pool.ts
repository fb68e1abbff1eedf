import type { Clock, Timer } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { WarmMessage } from '../../link/messages.ts';
import type { Isolation } from '../../spec/resources.ts';
import { Cell, type CellProgram, GUEST_STACK_BYTES } from './cell.ts';
import type { CellRegistry } from './cell-registry.ts';

/** Cells started ahead, so that a container does not wait for a process to start. */
const SPARE_CELLS = 2;
/** Past this V8's garbage collector makes everybody in a cell wait. */
const MAX_TASKS_PER_CELL = 500;
/** Of the stacks that a cell can have, those of first processes; the rest is for their children. */
const FIRST_PROCESS_SHARE = 0.5;
/** A cell whose last container ended is kept so long for the next one of the same image. */
const IDLE_LIFETIME_MS = 30_000;
const MAX_IDLE_CELLS = 4;

/** Every so often each cell must have said something; after so many times of silence it is hung. */
export const WATCHDOG_TICK_MS = 2_000;
const MAX_SILENT_TICKS = 10;

export interface CellPoolOptions {
  /** So many cells have containers before a second one is put into any. */
  readonly spreadCells: number;
  readonly watchdogTickMs: number;
}

/**
 * Which cell a container goes to: spread first, pack later. Containers of different images never
 * follow one another in an emptied cell, so that what one left behind in it cannot reach the other;
 * packed containers do share one, unless they asked for a process of their own.
 *
 * A watchdog ends cells that say nothing: it counts its own ticks, so that a machine that slept
 * does not look like a cell that hangs.
 */
export class CellPool implements AsyncDisposable {
  readonly #program: CellProgram;
  readonly #registry: CellRegistry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #spreadCells: number;
  readonly #watchdogTickMs: number;
  readonly #maxTasksPerCell: number;
  readonly #cells = new Set<Cell>();
  readonly #spares: Cell[] = [];
  readonly #idle = new Map<Cell, Timer>();
  #watchdog: Timer | undefined;
  #warmth: { readonly domain: string; readonly message: WarmMessage } | undefined;
  #isClosing = false;

  constructor(
    program: CellProgram,
    registry: CellRegistry,
    clock: Clock,
    log: Log,
    { spreadCells, watchdogTickMs }: CellPoolOptions,
  ) {
    this.#spreadCells = spreadCells;
    this.#watchdogTickMs = watchdogTickMs;
    this.#program = program;
    this.#maxTasksPerCell = maxTasksPerCell(program.hardening.memoryCeilingBytes);
    this.#registry = registry;
    this.#clock = clock;
    this.#log = log;
    this.#refill();
    this.#watch();
  }

  get cells(): ReadonlySet<Cell> {
    return this.#cells;
  }

  get spareCount(): number {
    return this.#spares.length;
  }

  /**
   * A cell for one more container of this trust domain. The caller tells `release` when the
   * container is over.
   */
  async acquire(domain: string, isolation: Isolation, warmth: WarmMessage): Promise<Cell> {
    this.#warmth = { domain, message: warmth };
    const cell = this.#choose(domain, isolation);
    if (isolation === 'process') cell.isExclusive = true;
    cell.domain ??= domain;
    this.#idle.get(cell)?.cancel();
    this.#idle.delete(cell);
    await cell.ready;
    return cell;
  }

  release(cell: Cell): void {
    if (cell.isClosed || cell.taskCount > 0 || this.#isClosing) return;
    if (cell.isExclusive || this.#idle.size >= MAX_IDLE_CELLS) {
      cell.shutdown();
      return;
    }
    const timer = this.#clock.startTimer(IDLE_LIFETIME_MS, () => cell.shutdown());
    this.#idle.set(cell, timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#watchdog?.cancel();
    for (const timer of this.#idle.values()) timer.cancel();
    const cells = [...this.#cells];
    for (const cell of cells) cell.kill('the engine was stopped');
    await Promise.all(cells.map((cell) => cell.closed));
  }

  #choose(domain: string, isolation: Isolation): Cell {
    if (isolation === 'process') return this.#takeSpare(domain);
    for (const cell of this.#idle.keys()) if (cell.domain === domain) return cell;
    const shared = [...this.#cells].filter(
      (cell) => cell.domain !== undefined && !cell.isExclusive && !this.#idle.has(cell),
    );
    if (isolation === 'default' && shared.length < this.#spreadCells)
      return this.#takeSpare(domain);
    const roomy = shared.filter((cell) => cell.taskCount < this.#maxTasksPerCell);
    const related = roomy.filter((cell) => cell.domain === domain);
    const candidates = related.length > 0 ? related : roomy;
    return (
      candidates.reduce<Cell | undefined>(
        (least, cell) => (least && least.taskCount <= cell.taskCount ? least : cell),
        undefined,
      ) ?? this.#takeSpare(domain)
    );
  }

  #watch(): void {
    this.#watchdog = this.#clock.startTimer(this.#watchdogTickMs, () => {
      for (const cell of this.#cells) {
        if (cell.tick() >= MAX_SILENT_TICKS) cell.kill('it did not answer for too long');
      }
      this.#watch();
    });
  }

  #takeSpare(domain: string): Cell {
    const warm = this.#spares.findIndex((spare) => spare.warmDomain === domain);
    const cold = this.#spares.findIndex((spare) => spare.warmDomain === undefined);
    const [cell = this.#spawn()] = this.#spares.splice(warm >= 0 ? warm : Math.max(0, cold), 1);
    // The replacement is started behind the container that waits, not before it.
    this.#clock.startTimer(REFILL_DELAY_MS, () => this.#refill());
    return cell;
  }

  #refill(): void {
    while (!this.#isClosing && this.#spares.length < SPARE_CELLS) this.#spares.push(this.#spawn());
    // What ran last is what will most likely run next. Some spares stay cold, for whatever else.
    const [first] = this.#spares;
    if (this.#warmth && first && first.warmDomain === undefined) {
      first.warm(this.#warmth.domain, this.#warmth.message);
    }
  }

  #spawn(): Cell {
    const cell = new Cell(this.#program, this.#clock);
    this.#cells.add(cell);
    const { pid } = cell;
    this.#registry.add(pid);
    this.#log.debug('cell started', { pid });
    void cell.closed.then(() => {
      this.#forget(cell);
      this.#registry.remove(pid);
      this.#log.debug('cell ended', { pid });
    });
    return cell;
  }

  #forget(cell: Cell): void {
    this.#cells.delete(cell);
    this.#idle.get(cell)?.cancel();
    this.#idle.delete(cell);
    const spare = this.#spares.indexOf(cell);
    if (spare >= 0) this.#spares.splice(spare, 1);
  }
}

const REFILL_DELAY_MS = 20;

/** A small machine has more cells in place of larger ones: every coroutine's stack counts in full. */
function maxTasksPerCell(memoryCeilingBytes = Number.POSITIVE_INFINITY): number {
  const stacks = (memoryCeilingBytes / GUEST_STACK_BYTES) * FIRST_PROCESS_SHARE;
  return Math.max(1, Math.min(MAX_TASKS_PER_CELL, Math.floor(stacks)));
}
