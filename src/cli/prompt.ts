import { CommandError } from './command.ts';
import type { Terminal } from './terminal.ts';

/** Longer than any answer; a terminal's own line is not longer, either. */
const MAX_ANSWER_BYTES = 4_096;
/** 128 + SIGINT, as shells tell it. */
const INTERRUPTED = 130;

const KEY = { interrupt: 3, end: 4, backspace: 8, newline: 10, return: 13, kill: 21, delete: 127 };

/** Asks, and answers a line of standard input without its end; empty when there is none. */
export async function ask(terminal: Terminal, question: string): Promise<string> {
  terminal.stdout.write(question);
  return (await readLine(terminal, () => undefined)).trim();
}

/** As `ask`, and nothing of what is typed is shown. */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  terminal.stdout.write(question);
  const leaveRawMode = terminal.enterRawMode();
  try {
    return await readLine(terminal, (key, typed) => {
      if (key === KEY.interrupt) throw new CommandError(INTERRUPTED, 'interrupted');
      if (key === KEY.backspace || key === KEY.delete) return typed.slice(0, -1);
      return key === KEY.kill ? [] : undefined;
    });
  } finally {
    leaveRawMode();
    terminal.stdout.write('\n');
  }
}

/** Docker's question before something is lost: nothing but `y` is a yes. */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N] `);
  return answer.toLowerCase() === 'y';
}

/** `edit` answers what is typed so far where a key changes it; undefined: it is a character. */
async function readLine(
  { stdin }: Terminal,
  edit: (key: number, typed: readonly number[]) => readonly number[] | undefined,
): Promise<string> {
  let typed: readonly number[] = [];
  for (;;) {
    const chunk = await nextChunk(stdin);
    if (!chunk) break;
    for (const [index, key] of chunk.entries()) {
      if (key === KEY.newline || key === KEY.return || key === KEY.end) {
        // What comes after is somebody else's.
        if (index + 1 < chunk.length) stdin.unshift(chunk.subarray(index + 1));
        return Buffer.from(typed).toString();
      }
      typed = edit(key, typed) ?? [...typed, key];
      if (typed.length > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    }
  }
  return Buffer.from(typed).toString();
}

/** Undefined at the end. Leaves the stream paused, so that a next question goes on with it. */
function nextChunk(stdin: Terminal['stdin']): Promise<Buffer | undefined> {
  const waiting: Buffer | null = stdin.read();
  if (waiting) return Promise.resolve(waiting);
  if (stdin.readableEnded || stdin.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stdin.off('readable', onReadable);
      stdin.off('end', onEnd);
      stdin.off('error', onError);
      act();
    };
    const onEnd = (): void => settle(() => resolve(undefined));
    const onError = (thrown: Error): void => settle(() => reject(thrown));
    const onReadable = (): void => {
      const chunk: Buffer | null = stdin.read();
      if (chunk) settle(() => resolve(chunk));
    };
    stdin.on('readable', onReadable);
    stdin.on('end', onEnd);
    stdin.on('error', onError);
  });
}
