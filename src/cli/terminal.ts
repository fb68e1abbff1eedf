import type { Readable, Writable } from 'node:stream';

/** The terminal, or what stands for it: all that a command reads and writes. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Calls back for each signal of that name until the answer is called. */
  onSignal(name: string, callback: () => void): () => void;
  /** The process's own environment, for `-e NAME`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly workingDirectory: string;
}

/** Writes bytes; resolves when the stream takes more. */
export function writeAll(stream: Writable, bytes: Uint8Array): Promise<void> | undefined {
  if (stream.write(bytes) || stream.destroyed) return undefined;
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
