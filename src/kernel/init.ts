import { SIGNALS } from '../base/signals.ts';
import type { Process } from './process.ts';
import type { ProgramImage } from './program.ts';
import { NO_SIGNALS } from './signals.ts';

/**
 * Pid 1 of a container with `--init`: it has one program, passes signals from outside on to it, waits
 * for whoever is orphaned, and ends as that program does. It runs no guest code.
 */
export class Init implements ProgramImage {
  readonly path = '/sbin/docker-init';
  readonly name = 'docker-init';
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly #command: ProgramImage;
  readonly #child: Process;

  /** Makes the child of `process` that is to run the command. Throws EAGAIN. */
  constructor(process: Process, command: ProgramImage) {
    this.args = [this.path, '--', ...command.args];
    this.env = command.env;
    this.#command = command;
    this.#child = process.fork(process.signalMask);
  }

  /** Who runs the command. */
  get child(): Process {
    return this.#child;
  }

  prepare(): void {}

  async run(process: Process): Promise<void> {
    process.fds.closeAll();
    process.forwardsTo = this.#child;
    // Children that nobody asks for leave no zombies.
    process.signals.setAction(SIGNALS.SIGCHLD, { kind: 'ignore', flags: 0, mask: NO_SIGNALS });
    this.#child.run(this.#command);
    process.end(await this.#child.ended);
  }
}
