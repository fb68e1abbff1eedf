import type { Abi } from '../../src/abi/abi.ts';
import { ABIS } from '../../src/abi/abis.ts';
import { EXIT, HANDLE_SIGNAL, I64, WOULD_BLOCK } from '../../src/abi/glue.ts';
import { bindHostcall } from '../../src/abi/hostcall.ts';
import type { FakeProcess } from '../fake/fake-process.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import { Canary, fuzzedProcess } from './fuzzed-process.ts';
import { randomArguments, scribble } from './hostcall-arguments.ts';

// Makes every call of every ABI with random arguments, in one process with real files.
//   node test/property/hostcall-fuzz.ts COUNT [SEED] [PAGES]
// PAGES of memory, 1 if not said otherwise: with thousands of them sizes may be large.

const PROGRESS_EVERY = 100_000;
/** Then another process takes over: what the first one has done to its files and fds goes. */
const CALLS_OF_PROCESS = 300;
const MAX_FAILURES = 10;
/** What a call may take that is neither a loop without a bound nor a file of a terabyte. */
const SLOW_CALL_MS = 1_000;

export interface HostcallFuzzResult {
  readonly calls: number;
  /** By call: how often it was answered with success, an error, or had to wait. */
  readonly outcomes: ReadonlyMap<string, { ok: number; error: number; blocked: number }>;
  readonly failures: readonly string[];
  readonly slowest: { readonly call: string; readonly ms: number };
}

/** Runs until `count` calls are made; `print` is told of progress. */
export async function fuzzHostcalls(
  count: number,
  seed: number,
  print: (line: string) => void,
  pages = 1,
): Promise<HostcallFuzzResult> {
  using canary = new Canary();
  const run = new FuzzRun(seed, canary, pages);
  try {
    for (let index = 1; index <= count && run.failures.length < MAX_FAILURES; index++) {
      run.step(index);
      if (index % CALLS_OF_PROCESS === 0) {
        // Host operations under way get to their end.
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (index % PROGRESS_EVERY === 0) {
        print(`${index} calls, ${run.failures.length} failures`);
      }
    }
    if (!canary.isUnharmed()) run.failures.push('the canary was changed');
  } finally {
    run.close();
  }
  return { ...run, calls: run.calls };
}

class FuzzRun {
  calls = 0;
  readonly outcomes = new Map<string, { ok: number; error: number; blocked: number }>();
  readonly failures: string[] = [];
  slowest = { call: '', ms: 0 };
  readonly #random: SeededRandom;
  readonly #canary: Canary;
  readonly #canaryBytes: Buffer;
  readonly #bound = ABIS.flatMap((abi) => this.#bind(abi));
  readonly #pages: number;
  #guest: FakeProcess;
  #bug: unknown;

  constructor(seed: number, canary: Canary, pages: number) {
    this.#random = new SeededRandom(seed);
    this.#canary = canary;
    this.#canaryBytes = Buffer.from(canary.text);
    this.#pages = pages;
    this.#guest = fuzzedProcess(canary, pages, false);
  }

  #bind(abi: Abi) {
    const numbers = new Set(Object.values(abi.errnoNumbers));
    return Object.entries(abi.calls).map(([name, call]) => {
      const title = `${abi.moduleName}.${name}`;
      const running = (): FakeProcess['thread'] => this.#guest.thread;
      const bound = bindHostcall(
        name,
        call,
        {
          get running() {
            return running();
          },
        },
        abi.errnoNumbers,
        (_name, thrown) => {
          this.#bug = thrown;
        },
      );
      return { name, title, bound, numbers, types: call.parameters.map((type) => type === I64) };
    });
  }

  step(index: number): void {
    const random = this.#random;
    if (this.#guest.thread.isEnding || index % CALLS_OF_PROCESS === 0) {
      this.#guest[Symbol.dispose]();
      this.#guest = fuzzedProcess(this.#canary, this.#pages, random.chance(50));
    }
    if (index % 50 === 1) scribble(random, this.#guest.memory);
    const { title, bound, numbers, types } = this.#pick();
    const args = randomArguments(random, title, types, this.#guest.memory.buffer.byteLength);
    const shown = `${title}(${args.join(', ')}) as call ${index}`;
    this.calls++;
    this.#guest.scheduler.run(this.#guest.thread);
    const startedMs = performance.now();
    const answer = this.#call(bound, args, shown);
    const ms = performance.now() - startedMs;
    if (ms > this.slowest.ms) this.slowest = { call: shown, ms };
    if (ms > SLOW_CALL_MS) this.failures.push(`${shown} took ${ms.toFixed(0)} ms`);
    this.#note(title, answer);
    const isKnown = answer === 0 || numbers.has(answer) || SPECIAL.has(answer);
    if (!isKnown && !title.startsWith('wasi.')) this.failures.push(`${shown} answered ${answer}`);
    if (this.#pages === 1 && Buffer.from(this.#guest.memory.buffer).includes(this.#canaryBytes)) {
      this.failures.push(`${shown} read the canary`);
      new Uint8Array(this.#guest.memory.buffer).fill(0);
    }
  }

  /** Some come seldom, so that the others meet a process that has something. */
  #pick() {
    for (;;) {
      const picked = this.#random.pick(this.#bound);
      if (this.#random.chance(RARE[picked.name] ?? 100)) return picked;
    }
  }

  #call(
    bound: (...args: (number | bigint)[]) => number,
    args: readonly (number | bigint)[],
    shown: string,
  ): number {
    this.#bug = undefined;
    let answer = EXIT;
    try {
      answer = bound(...args);
      // A second try, as when it was woken; then it is left, as by a handler that jumps away.
      if (answer === WOULD_BLOCK && this.#random.chance(50)) answer = bound(...args);
    } catch (thrown) {
      this.#bug = thrown;
    }
    if (this.#bug !== undefined) {
      const stack = this.#bug instanceof Error ? this.#bug.stack : String(this.#bug);
      this.failures.push(`${shown}: ${stack}`);
    }
    this.#guest.thread.settle();
    return answer;
  }

  #note(title: string, answer: number): void {
    const known = this.outcomes.get(title) ?? { ok: 0, error: 0, blocked: 0 };
    if (answer === WOULD_BLOCK) known.blocked++;
    else if (answer === 0 || answer === EXIT) known.ok++;
    else known.error++;
    this.outcomes.set(title, known);
  }

  close(): void {
    this.#guest[Symbol.dispose]();
  }
}

/** In a hundred: calls after which there is less to be done. */
const RARE: Readonly<Record<string, number>> = {
  proc_exit: 2,
  proc_raise: 2,
  proc_exit2: 2,
  thread_exit: 2,
  proc_exec: 5,
  proc_exec2: 5,
  proc_fork_env: 10,
  fd_close: 10,
  fd_renumber: 10,
  fd_fdstat_set_rights: 20,
};
const SPECIAL: ReadonlySet<number> = new Set([WOULD_BLOCK, EXIT, HANDLE_SIGNAL]);

async function main([count, seed, pages]: readonly string[]): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const first = Number(seed ?? Date.now() % 1_000_000_000);
  print(`${count} calls from seed ${first}, Node ${process.versions.node}`);
  const { calls, outcomes, failures, slowest } = await fuzzHostcalls(
    Number(count),
    first,
    print,
    Number(pages ?? 1),
  );
  for (const [title, { ok, error, blocked }] of outcomes) {
    print(`${title.padEnd(50)} ${ok} ok, ${error} errors, ${blocked} blocked`);
  }
  for (const failure of failures) print(`FAILED ${failure}`);
  print(
    `${calls} calls, ${failures.length} failures; slowest: ${slowest.ms.toFixed(1)} ms ${slowest.call}`,
  );
  process.exitCode = failures.length > 0 ? 1 : 0;
}

if (import.meta.main) await main(process.argv.slice(2));
