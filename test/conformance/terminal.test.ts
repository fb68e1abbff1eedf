import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TERMINAL_CASES, type TerminalStep } from '../fake/terminal-cases.ts';

// Whether the table to which our terminals are held is true: plays it on one of Linux's.
const recorder = join(dirname(fileURLToPath(import.meta.url)), 'pty-recorder.py');

type Observed = readonly [shown: string, got: string | null, signals: readonly string[]];

/** The step as it was seen. */
function observedStep(step: TerminalStep, [shown, got, signals]: Observed): readonly unknown[] {
  switch (step[0]) {
    case 'type':
      return [step[0], step[1], shown, ...signals];
    case 'write':
      return [step[0], step[1], shown];
    case 'read':
      return [step[0], step[1], got];
    case 'resize':
      return [step[0], step[1], ...signals];
    default:
      return [...step, ...(shown === '' ? [] : [shown]), ...signals];
  }
}

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'the table is about the terminals of Linux';
  return spawnSync('python3', ['--version']).status === 0 ? undefined : 'there is no python3';
}

const reason = missing();
if (reason === undefined) {
  test('terminals of Linux do as the table says', () => {
    const cases = Object.values(TERMINAL_CASES);
    const input = JSON.stringify(cases.map((steps) => steps.map((step) => step.slice(0, 2))));
    const { stdout, stderr, status } = spawnSync('python3', [recorder], { input });
    assert.is(status, 0, stderr.toString());
    const observed: readonly (readonly Observed[])[] = JSON.parse(stdout.toString());
    for (const [index, [name, steps]] of Object.entries(TERMINAL_CASES).entries()) {
      const seen = observed[index] ?? [];
      for (const [at, step] of steps.entries()) {
        const one = seen[at] ?? ['', null, []];
        assert.equal(observedStep(step, one), [...step], name);
      }
    }
  });
} else {
  test.skip('terminals of Linux do as the table says', () => {});
  process.stdout.write(`skipped: ${reason}\n`);
}

test.run();
