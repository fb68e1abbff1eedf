import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { CompilerJob, CompilerResult, JobMessage, ResultMessage } from './compiler-job.ts';

export interface CompilerPoolOptions {
  /** The bundle of src/main/compiler.ts. */
  readonly compilerProgram: string;
  /** The folder of LLVM's module; asked for when the first job comes. */
  readonly directory: () => Promise<string>;
}

/** More threads than that would rather need memory, up to a gigabyte each, than save time. */
const MAX_THREADS = 8;
/** Starting takes a second; what follows within that time should not pay for it again. */
const IDLE_MS = 2000;
const MAX_COMPLAINT = 16_384;

interface Waiting {
  readonly resolve: (result: CompilerResult) => void;
  readonly reject: (error: Error) => void;
}

interface Connection {
  readonly child: ChildProcess;
  readonly waiting: Map<number, Waiting>;
}

/**
 * Runs compilers in a process of their own, as many at once as the machine has cores. The process
 * starts with the first job, and ends some time after the last; it does not keep its parent alive.
 */
export class CompilerPool {
  readonly #options: CompilerPoolOptions;
  #connection: Promise<Connection> | undefined;
  #nextId = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: CompilerPoolOptions) {
    this.#options = options;
  }

  /** Runs a job; an exit code other than 0 is an answer, too. Throws when there is no compiler. */
  async run(job: CompilerJob): Promise<CompilerResult> {
    const connection = await this.#connect();
    const { child, waiting } = connection;
    const { promise, resolve, reject } = Promise.withResolvers<CompilerResult>();
    const message: JobMessage = { id: this.#nextId++, job };
    waiting.set(message.id, { resolve, reject });
    child.ref();
    child.channel?.ref();
    child.send(message, (error) => {
      if (error) this.#fail(connection, error);
    });
    return promise;
  }

  #connect(): Promise<Connection> {
    clearTimeout(this.#idleTimer);
    if (this.#connection) return this.#connection;
    const connection = this.#start();
    this.#connection = connection;
    connection.catch(() => {
      this.#connection = undefined;
    });
    return connection;
  }

  async #start(): Promise<Connection> {
    const directory = await this.#options.directory();
    const threadCount = Math.min(availableParallelism(), MAX_THREADS);
    const child = fork(this.#options.compilerProgram, [directory, String(threadCount)], {
      // The code of one run is not worth optimising: without, it takes half the processor time.
      execArgv: ['--liftoff-only'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const connection: Connection = { child, waiting: new Map() };
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-MAX_COMPLAINT);
    });
    child.on('message', (message: ResultMessage) => this.#take(connection, message));
    child.once('error', (error) => this.#fail(connection, error));
    child.once('close', (code, signal) => {
      const reason = `the compiler ended with ${signal ?? code}:\n${complaint}`;
      this.#fail(connection, new Error(reason));
    });
    return connection;
  }

  #take({ child, waiting }: Connection, { id, result }: ResultMessage): void {
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
    if (waiting.size > 0) return;
    child.unref();
    child.channel?.unref();
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      this.#connection = undefined;
      child.disconnect();
    }, IDLE_MS).unref();
  }

  #fail({ child, waiting }: Connection, error: Error): void {
    if (waiting.size === 0) return;
    this.#connection = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    child.kill();
  }
}
