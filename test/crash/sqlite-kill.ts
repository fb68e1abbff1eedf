import { EngineFixture } from '../e2e/engine-fixture.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import { JOURNAL_MODES, killDuringInserts, ROWS_PER_TRANSACTION } from './sqlite-kill-round.ts';

// Kills cells while SQLite commits, COUNT times (20), each in the middle of 100,000 inserts:
//   node scripts/with-setup.mjs test/crash/sqlite-kill.ts [COUNT [SEED]]

const ROW_COUNT = 100_000;
const BUILD_TIMEOUT_MS = 600_000;

async function main(count: number, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const transactionCount = ROW_COUNT / ROWS_PER_TRANSACTION;
  await using engine = new EngineFixture();
  engine.run(['pull', 'sqlite'], { timeoutMs: BUILD_TIMEOUT_MS });
  let failedCount = 0;
  process.stdout.write(`seed ${seed}\n`);
  for (let round = 0; round < count; round++) {
    const journal = JOURNAL_MODES[round % JOURNAL_MODES.length] ?? 'delete';
    const killAfter = random.between(transactionCount * 0.05, transactionCount * 0.95);
    const result = await killDuringInserts(engine, {
      name: `round-${round}`,
      journal,
      rowCount: ROW_COUNT,
      killAfter,
    });
    const { acknowledgedCount, foundCount, integrity, strayRowCount } = result;
    const isWhole = integrity === 'ok' && foundCount >= acknowledgedCount && strayRowCount === 0;
    if (!isWhole) failedCount += 1;
    process.stdout.write(
      `${isWhole ? 'ok' : 'FAILED'} ${journal}: ${acknowledgedCount} transactions acknowledged, ${foundCount} found, ${strayRowCount} stray rows, integrity ${integrity}\n`,
    );
  }
  process.stdout.write(`${count - failedCount} passed, ${failedCount} failed\n`);
  process.exitCode = failedCount > 0 ? 1 : 0;
}

const [count = '20', seed = '1'] = process.argv.slice(2);
await main(Number(count), Number(seed));
