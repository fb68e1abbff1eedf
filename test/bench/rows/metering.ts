import { openBenchKitchen } from '../metering/bench-kitchen.ts';
import type { ProgramGroup } from '../metering/bench-program.ts';
import { geometricMean, measureMetering, type ProgramResult } from '../metering/metering-run.ts';
import { PROGRAMS } from '../metering/programs/all-programs.ts';
import type { Row } from '../row.ts';

/**
 * What the rewriter costs: the time of programs as they run in a cell by that of the same programs
 * as they were compiled. One measurement serves all rows; its samples are the rounds' means.
 */
export function createMeteringRows(): Row[] {
  let measurement: Promise<ProgramResult[]> | undefined;
  const measured = (): Promise<ProgramResult[]> => {
    measurement ??= measureMetering(PROGRAMS, openBenchKitchen());
    return measurement;
  };
  const meanRow = (name: string, title: string, group?: ProgramGroup, bar?: number): Row => ({
    id: `metering-${name}`,
    title,
    unit: 'ratio',
    ...(bar === undefined ? {} : { bar }),
    measure: async () => {
      const results = (await measured()).filter((one) => !group || one.group === group);
      const rounds = results[0]?.roundRatios ?? [];
      return rounds.map((_, round) =>
        geometricMean(results.map((one) => one.roundRatios[round] ?? Number.NaN)),
      );
    },
  });
  return [
    {
      ...meanRow('geomean', 'rewritten by plain, geometric mean of all programs', undefined, 1.1),
      details: measured,
    },
    meanRow('applications', 'the same of applications', 'applications', 1.08),
    meanRow('interpreters', 'the same of interpreters', 'interpreters'),
    meanRow('kernels', 'the same of loops over matrices', 'kernels'),
    meanRow('calls', 'the same of programs that only call', 'calls'),
    {
      id: 'metering-worst',
      title: 'rewritten by plain, of the program that it costs most',
      unit: 'ratio',
      bar: 1.5,
      measure: async () => [Math.max(...(await measured()).map(({ ratio }) => ratio))],
    },
  ];
}
