import { ControlGroup } from '../../src/kernel/control-group.ts';
import { FdTable } from '../../src/kernel/fd-table.ts';
import { FuelGauge } from '../../src/kernel/fuel-gauge.ts';
import { GuestMemory } from '../../src/kernel/guest-memory.ts';
import { Process } from '../../src/kernel/process.ts';
import { Scheduler } from '../../src/kernel/scheduler.ts';
import { DEFAULT_CPU_SHARES, type Resources } from '../../src/spec/resources.ts';
import type { FileTree } from '../../src/vfs/file-tree.ts';
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

  /** A process without a program: the test acts in its place. */
  process(group: ControlGroup): { process: Process; fuel: { value: number } } {
    const process = new Process({
      pid: 1,
      args: ['simulated'],
      env: [],
      fds: new FdTable(),
      files: {} as FileTree,
      group,
      scheduler: this.scheduler,
      clock: this.clock,
      clockGrainNs: 1_000n,
      fillRandom: () => {},
    });
    const fuel = { value: 0 };
    process.attach(new GuestMemory(new WebAssembly.Memory({ initial: 1 })), new FuelGauge(fuel));
    return { process, fuel };
  }

  /**
   * A guest that computes until `untilMs` of the clock: it uses fuel as time passes, and calls the
   * hook when there is none left, as rewritten code does. Answers the fuel at its end.
   */
  async spin(group: ControlGroup, untilMs: number): Promise<number> {
    const { process, fuel } = this.process(group);
    let isAlive = await process.begin();
    while (isAlive && this.clock.monotonicMs() < untilMs) {
      this.clock.advance(STEP_MS);
      fuel.value -= STEP_MS * FUEL_PER_MS;
      if (fuel.value >= 0) continue;
      const answer = process.refuel();
      if (answer === 1) isAlive = false;
      else if (answer === 'would-block') isAlive = (await process.wait()) === 0;
    }
    process.finish();
    return process.fuelUsed;
  }
}
