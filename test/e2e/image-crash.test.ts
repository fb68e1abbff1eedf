import { suite } from 'uvu';
import { KillBed, TRANSFERS } from '../crash/image-kill-round.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import { dockerRegistryAbsence } from '../suite/docker-registry.ts';

// A daemon that is killed amid transfers of images; test/crash/image-kill.ts does it at length.

const test = suite('images and kill -9');
const absence = dockerRegistryAbsence();

if (absence) {
  process.stdout.write(`skipped: ${absence}\n`);
} else {
  const random = new SeededRandom(11);
  let bed: KillBed;
  test.before(async () => {
    bed = await KillBed.open(1);
  });
  test.after(() => bed[Symbol.asyncDispose]());

  for (const kind of TRANSFERS) {
    test(`${kind}: the store is whole afterwards, and the same again works`, async () => {
      await bed.killAmid(kind, random.between(20, 80) / 100);
    });
  }
}

test.run();
