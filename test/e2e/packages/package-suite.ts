import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Context, suite, type Test } from 'uvu';
import { cacheDirectoryOf } from '../../../images/cache-directory.ts';
import { debianAbsence } from '../../../images/debian-source.ts';
import { Kitchens } from '../../../images/kitchen.ts';
import { EngineFixture } from '../engine-fixture.ts';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
/** Of the first build on a machine, below what `test/run.ts` gives a file. */
const BUILD_TIMEOUT_MS = 280_000;

/**
 * Tests of one image that is made out of Debian's sources, which is built first. Where they cannot
 * be had, the whole is skipped.
 */
export function packageSuite(image: string, define: (test: Test, engine: EngineFixture) => void) {
  const absence = debianAbsence();
  const test: Test<Context> = suite(image);
  if (absence !== undefined) {
    console.log(`skipped: ${image}: ${absence}`);
    // A file without any test has failed.
    test('is skipped', () => {});
  } else {
    const engine = new EngineFixture();
    test.before(() => {
      const pulled = engine.run(['pull', image], { timeoutMs: BUILD_TIMEOUT_MS });
      if (pulled.exitCode !== 0) throw new Error(pulled.stderr);
    });
    test.after(() => engine[Symbol.asyncDispose]());
    define(test, engine);
  }
  test.run();
}

/** The folder of a source package, with its tests. */
export function sourceOf(name: string, release?: string): Promise<string> {
  return new Kitchens({
    cacheDirectory: cacheDirectoryOf(process.env, process.platform),
    sourceDirectory: join(root, 'images'),
  })
    .open(() => {})
    .debianSource(name, release);
}
