import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomTerminalSession } from '../fake/random-terminal-session.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import { TERMINAL_CASES, type TerminalStep } from '../fake/terminal-cases.ts';
import { TerminalPlayer } from '../fake/terminal-player.ts';

// Whether the table to which our terminals are held is true: plays it on one of Linux's.
const recorder = join(dirname(fileURLToPath(import.meta.url)), 'pty-recorder.py');

const SEEDS = 1;
const SESSIONS = 15;
const STEPS = 15;

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
      return [step[0], step[1], ...(shown === '' ? [] : [shown]), ...signals];
  }
}

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'the table is about the terminals of Linux';
  return spawnSync('python3', ['--version']).status === 0 ? undefined : 'there is no python3';
}

/** What Linux answers to each step of each session. */
function observe(
  sessions: readonly (readonly TerminalStep[])[],
  patienceSeconds: number,
): readonly unknown[][][] {
  const input = JSON.stringify(sessions.map((steps) => steps.map((step) => step.slice(0, 2))));
  const args = [recorder, String(patienceSeconds)];
  const { stdout, stderr, status } = spawnSync('python3', args, { input });
  assert.is(status, 0, stderr.toString());
  const observed: readonly (readonly Observed[])[] = JSON.parse(stdout.toString());
  return sessions.map((steps, index) =>
    steps.map((step, at) => {
      const one = observed[index]?.[at];
      if (!one) throw new Error('the recorder left out a step');
      return [...observedStep(step, one)];
    }),
  );
}

/** The same; those that do not answer as expected are asked again, with more patience. */
function requireSame(
  sessions: readonly (readonly TerminalStep[])[],
  expected: readonly (readonly unknown[])[][],
): void {
  const quick = observe(sessions, 0.02);
  const doubtful = sessions.flatMap((steps, index) =>
    JSON.stringify(quick[index]) === JSON.stringify(expected[index]) ? [] : [{ steps, index }],
  );
  if (doubtful.length === 0) return;
  const patient = observe(
    doubtful.map(({ steps }) => steps),
    0.3,
  );
  for (const [at, { steps, index }] of doubtful.entries()) {
    for (const [place, step] of (expected[index] ?? []).entries()) {
      const before = JSON.stringify(steps.slice(0, place + 1).map((one) => one.slice(0, 2)));
      assert.equal(step, patient[at]?.[place], `after ${before}`);
    }
  }
}

const reason = missing();
if (reason === undefined) {
  test('terminals of Linux do as the table says', () => {
    const cases = Object.values(TERMINAL_CASES);
    requireSame(
      cases,
      cases.map((steps) => steps.map((step) => [...step])),
    );
  });

  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`ours does as Linux's in random sessions, seed ${seed}`, () => {
      const random = new SeededRandom(seed);
      const sessions = Array.from({ length: SESSIONS }, () => randomTerminalSession(random, STEPS));
      const played = sessions.map((steps) => {
        const player = new TerminalPlayer();
        return steps.map((step) => [...player.play(step)]);
      });
      requireSame(sessions, played);
    });
  }
} else {
  test.skip('terminals of Linux do as the table says', () => {});
  process.stdout.write(`skipped: ${reason}\n`);
}

test.run();
