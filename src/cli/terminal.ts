import type { Readable, Writable } from 'node:stream';

/** With the size in characters, when it is a terminal. */
export type OutputStream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** The terminal, or what stands for it: all that a command reads and writes. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls back for each signal of that name until the answer is called. */
  onSignal(name: string, callback: () => void): () => void;
  /** The size in characters; undefined when standard output is no terminal. */
  windowSize(): { readonly columns: number; readonly rows: number } | undefined;
  /**
   * Makes standard input a terminal in raw mode: every key comes as it is typed, nothing is echoed,
   * and output goes out as it is. The answer undoes it (idempotent), and so does the end of this
   * process, however it comes about.
   */
  enterRawMode(): () => void;
  /** The process's own environment, for `-e NAME`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly workingDirectory: string;
}

/** # Errors: an Error in Docker's words, when a program would wait for keys that nobody types. */
export function requireTerminal({ stdin, platform }: Terminal): void {
  if (stdin.isTTY) return;
  const hint =
    platform === 'win32'
      ? ".  If you are using mintty, try prefixing the command with 'winpty'"
      : '';
  throw new Error(`the input device is not a TTY${hint}`);
}

/** Resolves when a stream takes more, or is gone. Ask once for all that was written meanwhile. */
export function drained(stream: Writable): Promise<void> | undefined {
  if (!stream.writableNeedDrain || stream.destroyed) return undefined;
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle);
      stream.off('close', settle);
      resolve();
    };
    stream.on('drain', settle);
    stream.on('close', settle);
  });
}
