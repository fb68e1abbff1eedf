import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TaskExit } from '../../src/runtime/contract.ts';
import { compileSource } from '../suite/compile-source.ts';
import { WarmRuntime } from '../suite/warm-runtime.ts';

/** The first container of a fresh cell with that seed; undefined: a cell like any other. */
async function roll(seed: string | undefined): Promise<{ exit: TaskExit; output: string }> {
  const program = await compileSource('wasm/fixtures/dice.c');
  await using warm = await WarmRuntime.open(program, { seed });
  let output = '';
  const task = await warm.runtime.start(warm.spec(), {
    write: (_stream, bytes) => {
      output += Buffer.from(bytes).toString();
      return undefined;
    },
  });
  return { exit: await task.exited, output };
}

test('a container with a seed runs the same way twice', async () => {
  const first = await roll('duckweed');
  const second = await roll('duckweed');
  assert.is(first.exit.exitCode, 0);
  assert.is(first.output, second.output);
  assert.ok(first.exit.trace);
  assert.is(first.exit.trace, second.exit.trace);
  assert.is(first.exit.usage?.fuel, second.exit.usage?.fuel);
});

test('another seed is another run, and so is every run without one', async () => {
  const [first, second, third, fourth] = [
    await roll('duckweed'),
    await roll('hornwort'),
    await roll(undefined),
    await roll(undefined),
  ];
  assert.is.not(first.output, second.output);
  assert.is.not(first.exit.trace, second.exit.trace);
  assert.is.not(third.output, fourth.output);
  assert.is(third.exit.trace, undefined);
});

test.run();
