import type { Duplex } from 'node:stream';
import { createDeferred } from '../base/deferred.ts';
import { DetachScanner, parseDetachKeys } from '../wire/detach-keys.ts';
import { FrameDecoder } from '../wire/stdcopy.ts';
import { MULTIPLEXED_STREAM } from '../wire/stream-types.ts';
import type { HijackedConnection } from './engine-client.ts';
import { drained, type Terminal } from './terminal.ts';

/** What Docker says when the user has typed the keys. */
export class DetachedError extends Error {
  override readonly name = 'DetachedError';

  constructor() {
    super('read escape sequence');
  }
}

export interface AttachedStreamsOptions {
  readonly takesInput: boolean;
  readonly hasTerminal: boolean;
  /** `ctrl-p,ctrl-q` */
  readonly detachKeys: string;
}

/**
 * The standard streams of a program on the user's terminal. With a terminal on both sides the
 * user's is in raw mode until this is disposed: the program's own one does what there is to do.
 */
export class AttachedStreams implements Disposable {
  /** Resolves when all output is written; rejects with DetachedError when the user leaves. */
  readonly ended: Promise<void>;
  readonly #terminal: Terminal;
  readonly #connection: Duplex;
  readonly #scanner: DetachScanner;
  readonly #takesInput: boolean;
  readonly #cleanups: (() => void)[] = [];
  readonly #detached = createDeferred<never>();

  constructor(
    terminal: Terminal,
    { connection, contentType }: HijackedConnection,
    { takesInput, hasTerminal, detachKeys }: AttachedStreamsOptions,
  ) {
    this.#terminal = terminal;
    this.#connection = connection;
    this.#takesInput = takesInput;
    const isInteractive = takesInput && hasTerminal;
    this.#scanner = new DetachScanner(parseDetachKeys(isInteractive ? detachKeys : ''));
    if (isInteractive && terminal.stdin.isTTY) this.onDispose(terminal.enterRawMode());
    const output = pumpOutput(connection, contentType === MULTIPLEXED_STREAM, terminal);
    this.ended = Promise.race([output, this.#detached.promise]);
    // Whoever waits for it sees how it ended.
    this.ended.catch(() => {});
  }

  /** From now on what is typed goes to the program. */
  beginInput(): void {
    if (this.#takesInput) void this.#pumpInput();
  }

  /** What is to be undone with this, too. */
  onDispose(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  [Symbol.dispose](): void {
    for (const cleanup of this.#cleanups) cleanup();
    this.#connection.destroy();
  }

  async #pumpInput(): Promise<void> {
    const connection = this.#connection;
    const { stdin } = this.#terminal;
    connection.on('error', () => stdin.destroy());
    for await (const chunk of stdin) {
      const { passed, isDetached } = this.#scanner.scan(chunk);
      if (!connection.writable) return;
      if (passed.length > 0) connection.write(passed);
      await drained(connection);
      if (isDetached) {
        // Once what was typed before is on its way.
        connection.end(() => this.#detached.reject(new DetachedError()));
        return;
      }
    }
    if (connection.writable) connection.end();
  }
}

async function pumpOutput(
  connection: Duplex,
  isFramed: boolean,
  { stdout, stderr }: Terminal,
): Promise<void> {
  const decoder = new FrameDecoder((stream, payload) => {
    (stream === 'stderr' ? stderr : stdout).write(payload);
  });
  for await (const chunk of connection) {
    if (isFramed) decoder.feed(chunk);
    else stdout.write(chunk);
    await drained(stdout);
    await drained(stderr);
  }
}
