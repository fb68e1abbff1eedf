import { messageOf } from '../../src/base/engine-error.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import { dockerRegistryAbsence } from '../suite/docker-registry.ts';
import { KillBed, TRANSFERS } from './image-kill-round.ts';

// Kills the daemon amid pulls, pushes, loads and prunes, COUNT times (50) at random moments:
//   node scripts/with-setup.mjs test/crash/image-kill.ts [COUNT [SEED]]

async function main(count: number, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  await using bed = await KillBed.open(seed);
  let failedCount = 0;
  process.stdout.write(`seed ${seed}\n`);
  for (let round = 0; round < count; round++) {
    const kind = TRANSFERS[round % TRANSFERS.length] ?? 'pull';
    const percent = random.below(100);
    try {
      const isAcknowledged = await bed.killAmid(kind, percent / 100);
      const moment = isAcknowledged ? 'after it was acknowledged' : `at ${percent} %`;
      process.stdout.write(`ok ${kind}, killed ${moment}\n`);
    } catch (thrown) {
      failedCount += 1;
      process.stdout.write(`FAILED ${kind}, killed at ${percent} %: ${messageOf(thrown)}\n`);
    }
  }
  process.stdout.write(`${count - failedCount} passed, ${failedCount} failed\n`);
  process.exitCode = failedCount > 0 ? 1 : 0;
}

const absence = dockerRegistryAbsence();
if (absence) {
  process.stdout.write(`skipped: ${absence}\n`);
} else {
  const [count = '50', seed = '1'] = process.argv.slice(2);
  await main(Number(count), Number(seed));
}
