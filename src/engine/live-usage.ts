import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Task } from '../runtime/contract.ts';
import type { Usage } from '../spec/resources.ts';

/** A host process that does not answer for so long is stuck, or compiles something huge. */
const DEADLINE_MS = 2_000;

/** What a task has used so far; undefined when it has ended, or does not say in time. */
export function liveUsage(task: Task, clock: Clock): Promise<Usage | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.startTimer(DEADLINE_MS, () => resolve(undefined));
    task.usage().then(
      (usage) => {
        timer.cancel();
        resolve(usage);
      },
      (thrown: unknown) => {
        timer.cancel();
        if (thrown instanceof EngineError && thrown.kind === 'unavailable') resolve(undefined);
        else reject(thrown);
      },
    );
  });
}
