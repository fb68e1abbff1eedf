import { PassThrough } from 'node:stream';
import type { Terminal } from '../../src/cli/terminal.ts';

/** A user before a command: what is typed, what is shown, and the size of the window. */
export class FakeTerminal implements Terminal {
  readonly stdin: PassThrough & { isTTY?: boolean } = new PassThrough();
  readonly stdout: PassThrough & { isTTY?: boolean } = new PassThrough();
  readonly stderr = new PassThrough();
  readonly env: Record<string, string | undefined> = { HOME: '/nowhere' };
  readonly platform = 'linux';
  readonly workingDirectory = '/';
  /** Undefined: standard output is no terminal. */
  size: { columns: number; rows: number } | undefined;
  isRaw = false;
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Output and errors as they came, in their streams. */
  shown = '';
  complained = '';

  constructor({ isTerminal }: { isTerminal: boolean }) {
    if (isTerminal) {
      this.stdin.isTTY = this.stdout.isTTY = true;
      this.size = { columns: 80, rows: 24 };
    }
    this.stdout.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString();
    });
    this.stderr.on('data', (chunk: Buffer) => {
      this.complained += chunk.toString();
    });
  }

  onSignal(name: string, callback: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(callback));
    return () => listeners.delete(callback);
  }

  /** How many listen for it. */
  listenerCount(name: string): number {
    return this.#listeners.get(name)?.size ?? 0;
  }

  signal(name: string): void {
    for (const callback of this.#listeners.get(name) ?? []) callback();
  }

  windowSize(): { columns: number; rows: number } | undefined {
    return this.size;
  }

  enterRawMode(): () => void {
    this.isRaw = true;
    return () => {
      this.isRaw = false;
    };
  }
}
