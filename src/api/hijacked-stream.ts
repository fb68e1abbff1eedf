import type { Duplex } from 'node:stream';
import type { OutputStream, TaskProcess } from '../runtime/contract.ts';
import { DetachScanner } from '../wire/detach-keys.ts';
import { frameHeader } from '../wire/stdcopy.ts';

/** A piece of output as it goes over the connection. */
export function framed(isRaw: boolean, stream: OutputStream, bytes: Uint8Array): Uint8Array[] {
  return isRaw ? [bytes] : [frameHeader(stream, bytes.length), bytes];
}

/** Which streams of a process a client has asked for. */
export interface WantedStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** A connection that was taken over to carry the standard streams of a process. */
export class HijackedStream {
  readonly #connection: Duplex;
  readonly #isRaw: boolean;
  readonly #wants: WantedStreams;
  readonly #gone = new AbortController();

  constructor(connection: Duplex, isRaw: boolean, wants: WantedStreams) {
    this.#connection = connection;
    this.#isRaw = isRaw;
    this.#wants = wants;
    connection.once('close', () => this.#gone.abort());
    // A broken connection is a closed one; 'close' follows.
    connection.on('error', () => connection.destroy());
  }

  /** Aborted when the client has gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Sends output, if it is wanted. The promise, if any, resolves when more may be sent, or the
   * client is gone.
   */
  send(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    const connection = this.#connection;
    if (!this.#wants[stream] || this.gone.aborted || !connection.writable) return undefined;
    connection.cork();
    let hasRoom = true;
    for (const part of framed(this.#isRaw, stream, bytes)) hasRoom = connection.write(part);
    connection.uncork();
    if (hasRoom) return undefined;
    return new Promise((resolve) => {
      const settle = (): void => {
        connection.off('drain', settle);
        this.gone.removeEventListener('abort', settle);
        resolve();
      };
      connection.once('drain', settle);
      this.gone.addEventListener('abort', settle);
    });
  }

  end(): void {
    this.#connection.end();
  }

  /**
   * Passes what the client sends to the process that comes, as fast as it takes it; without one, or
   * when input is not wanted, it is read and dropped. The detach keys end the connection.
   */
  async forwardInput(
    coming: Promise<TaskProcess | undefined>,
    { detachKeys, closesStdin }: { detachKeys: Uint8Array; closesStdin: boolean },
  ): Promise<void> {
    const connection = this.#connection;
    if (!this.#wants.stdin) {
      connection.resume();
      return;
    }
    connection.pause();
    const process = await coming;
    if (!process || this.gone.aborted) return;
    const scanner = new DetachScanner(detachKeys);
    connection.on('data', (chunk: Uint8Array) => {
      const { passed, isDetached } = scanner.scan(chunk);
      connection.pause();
      void process.writeStdin(passed).then(() => {
        if (isDetached) connection.end(() => connection.destroy());
        else connection.resume();
      });
    });
    // A client that only half closes has said all, and still listens.
    const finish = (): void => {
      if (closesStdin) process.closeStdin();
    };
    connection.once('end', finish);
    connection.once('close', finish);
    connection.resume();
  }
}
