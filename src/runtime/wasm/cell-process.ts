import type { Clock } from '../../base/clock.ts';
import { exitCodeOfSignal, SIGNALS } from '../../base/signals.ts';
import { clampWindow, type WindowSize } from '../../spec/window-size.ts';
import type { TaskExit, TaskProcess } from '../contract.ts';
import type { Cell, StartedTask } from './cell.ts';
import type { CellTask } from './cell-task.ts';

/**
 * How long a program may take to notice SIGKILL. It notices at its next hostcall or yield point;
 * one that comes to neither also keeps its cell from everything else, so that its cell is ended
 * then.
 */
const KILL_GRACE_MS = 1_000;

/** A process in a cell with streams of its own. */
export class CellProcess implements TaskProcess {
  readonly exited: Promise<TaskExit>;
  protected readonly cell: Cell;
  protected readonly clock: Clock;
  /** Of the task on the link. */
  protected readonly number: number;
  readonly #task: CellTask;
  #isKilled = false;

  constructor(cell: Cell, started: StartedTask, clock: Clock) {
    this.cell = cell;
    this.clock = clock;
    this.number = started.number;
    this.#task = started.task;
    // A program whose cell had to be ended for it died of its signal, not of the cell's death.
    this.exited = this.#task.exited.then((exit) =>
      cell.isClosed && this.#isKilled
        ? { exitCode: exitCodeOfSignal(SIGNALS.SIGKILL), isOutOfMemory: false }
        : exit,
    );
  }

  writeStdin(bytes: Uint8Array): Promise<void> {
    return this.#task.writeStdin(bytes);
  }

  closeStdin(): void {
    this.#task.closeStdin();
  }

  signal(signal: number): void {
    this.cell.tell(this.number, { type: 'signal', signal });
    if (signal !== SIGNALS.SIGKILL || this.#isKilled) return;
    this.#isKilled = true;
    const timer = this.clock.startTimer(KILL_GRACE_MS, () =>
      this.cell.kill('a container in it did not react to SIGKILL'),
    );
    void this.#task.exited.then(() => timer.cancel());
  }

  resize(window: WindowSize): void {
    this.cell.tell(this.number, { type: 'resize', ...clampWindow(window) });
  }
}
