import { messageOf } from '../base/engine-error.ts';
import { SIGNALS } from '../base/signals.ts';

/** How a program ended that did not end by itself, told as an operating system would tell it. */
export interface Trap {
  /** That a native program would have died of. */
  readonly signal: number;
  readonly reason: string;
  /**
   * What goes to the program's standard error: the reason, and where in the program it happened.
   */
  readonly report: string;
}

/**
 * V8's messages for traps, by the signal that says the same. Whatever else it may say is an abort.
 */
const SIGNALS_OF_MESSAGES: readonly (readonly [RegExp, number])[] = [
  [/out of bounds|call stack size/i, SIGNALS.SIGSEGV],
  [/divide|remainder|unrepresentable/i, SIGNALS.SIGFPE],
];

const MAX_FRAMES = 32;

export function describeTrap(thrown: unknown): Trap {
  const message = messageOf(thrown);
  const isStackOverflow = /call stack size/i.test(message);
  const reason = `trap: ${isStackOverflow ? 'stack overflow' : message}`;
  const [, signal] = SIGNALS_OF_MESSAGES.find(([pattern]) => pattern.test(message)) ?? [];
  const frames = thrown instanceof Error ? guestFrames(thrown.stack ?? '') : [];
  return {
    signal: signal ?? SIGNALS.SIGABRT,
    reason,
    report: [`wolffia: ${reason}`, ...frames, ''].join('\n'),
  };
}

/**
 * The program's own frames, without ours: `    at name (+0x1234)`, the offset counted in its
 * module.
 */
function guestFrames(stack: string): string[] {
  const frames: string[] = [];
  for (const line of stack.split('\n')) {
    const found = /at (?:(\S+) \()?wasm:\/\/wasm\/[^:]*:wasm-function\[(\d+)\]:(0x[0-9a-f]+)/.exec(
      line,
    );
    if (found) frames.push(`    at ${found[1] ?? `function ${found[2]}`} (+${found[3]})`);
  }
  return frames.slice(0, MAX_FRAMES);
}
