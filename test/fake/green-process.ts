import { ERRNO } from '../../src/base/errno.ts';
import { ControlGroup } from '../../src/kernel/control-group.ts';
import { FdTable } from '../../src/kernel/fd-table.ts';
import { FuelGauge } from '../../src/kernel/fuel-gauge.ts';
import { GuestMemory } from '../../src/kernel/guest-memory.ts';
import { Process } from '../../src/kernel/process.ts';
import type { ProgramLoader } from '../../src/kernel/program.ts';
import { Scheduler } from '../../src/kernel/scheduler.ts';
import { System } from '../../src/kernel/system.ts';
import { Thread } from '../../src/kernel/thread.ts';
import { DEFAULT_CPU_SHARES, type Resources } from '../../src/spec/resources.ts';
import type { FileTree } from '../../src/vfs/file-tree.ts';
import type { Location } from '../../src/vfs/path-walk.ts';
import { FakeClock } from './fake-clock.ts';

/** How far a simulated guest goes between two looks at its slice, and what that costs. */
const STEP_MS = 0.25;
const FUEL_PER_MS = 1_000_000;

/** A cell's scheduler over a clock that only simulated guests move. */
export class FakeCell {
  readonly clock = new FakeClock();
  readonly scheduler = new Scheduler(this.clock, {
    atNextTurn: (callback) => void setImmediate(callback),
  });

  group(resources: Partial<Resources> = {}): ControlGroup {
    return new ControlGroup(
      { cpuShares: DEFAULT_CPU_SHARES, ...resources },
      this.clock.monotonicMs(),
    );
  }

  /** A process without a program: the test acts in place of its thread. */
  process(group: ControlGroup): { process: Process; thread: Thread; fuel: { value: number } } {
    const process = this.emptyProcess(group);
    const fuel = { value: 0 };
    return { process, fuel, thread: threadOf(process, { fuel }) };
  }

  /** A process that runs nothing, of a system of its own. */
  emptyProcess(group: ControlGroup): Process {
    const system = new System({
      files: {} as FileTree,
      group,
      scheduler: this.scheduler,
      clock: this.clock,
      clockGrainNs: 1_000n,
      fillRandom: () => {},
      loader: NO_PROGRAMS,
      hostname: 'fake',
    });
    return new Process({
      system,
      parent: undefined,
      fds: new FdTable(),
      workingDirectory: {} as Location,
    });
  }

  /**
   * A guest that computes until `untilMs` of the clock: it uses fuel as time passes, and calls the
   * hook when there is none left, as rewritten code does. Answers the fuel at its end.
   */
  async spin(group: ControlGroup, untilMs: number): Promise<number> {
    const { process, thread, fuel } = this.process(group);
    let isAlive = await thread.begin();
    while (isAlive && this.clock.monotonicMs() < untilMs) {
      this.clock.advance(STEP_MS);
      fuel.value -= STEP_MS * FUEL_PER_MS;
      if (fuel.value >= 0) continue;
      const answer = thread.refuel();
      if (answer === 'stop') isAlive = false;
      else if (answer === 'would-block') isAlive = (await thread.wait()) === 0;
    }
    thread.finish();
    process.end({ status: { type: 'exited', code: 0 } });
    return process.fuelUsed;
  }
}

export const NO_PROGRAMS: ProgramLoader = {
  load: () => {
    throw ERRNO.ENOENT;
  },
};

/** A thread of a process without a program, over a memory of its own. */
export function threadOf(
  process: Process,
  options: { fuel?: { value: number }; memory?: WebAssembly.Memory } = {},
): Thread {
  const memory = new GuestMemory(options.memory ?? new WebAssembly.Memory({ initial: 1 }));
  const instance = {
    memory,
    fuel: new FuelGauge(options.fuel ?? { value: 0 }),
    handlerNamed: () => undefined,
    forking: undefined,
    startThread: () => {
      throw ERRNO.ENOSYS;
    },
  };
  process.memory.attach(memory);
  const thread = new Thread(process, process.pid, instance, 0n);
  process.enroll(thread);
  return thread;
}
