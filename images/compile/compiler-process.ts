import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { JobMessage, ResultMessage } from './compiler-job.ts';
import type { CompilerThreadData } from './compiler-thread.ts';
import { readSystemFiles } from './system-files.ts';

export interface CompilerProcessOptions {
  /** LLVM's module and the archive of its system's files. */
  readonly directory: string;
  /** The program that calls `serveCompilerThread`. */
  readonly threadProgram: string;
  readonly threadCount: number;
  readonly answer: (message: ResultMessage) => void;
  /** A thread could not go on; its job will not be answered. */
  readonly fail: (error: Error) => void;
}

/** clang recurses deeply on long expressions. */
const THREAD_STACK_MB = 16;

/**
 * The compiler's own process. Its module is compiled once and shared by all threads, so that each
 * function of LLVM is compiled but once, when it is first called.
 */
export class CompilerProcess {
  readonly #idle: Worker[] = [];
  readonly #queue: JobMessage[] = [];

  constructor({ directory, threadProgram, threadCount, answer, fail }: CompilerProcessOptions) {
    const workerData: CompilerThreadData = {
      module: new WebAssembly.Module(readFileSync(join(directory, 'llvm.core.wasm'))),
      system: readSystemFiles(readShared(join(directory, 'llvm-resources.tar'))),
    };
    for (let count = 0; count < threadCount; count++) {
      const worker = new Worker(threadProgram, {
        workerData,
        resourceLimits: { stackSizeMb: THREAD_STACK_MB },
      });
      worker.on('error', fail);
      worker.on('message', (message: ResultMessage) => {
        this.#idle.push(worker);
        answer(message);
        this.#next();
      });
      this.#idle.push(worker);
    }
  }

  run(message: JobMessage): void {
    this.#queue.push(message);
    this.#next();
  }

  #next(): void {
    const message = this.#idle.length > 0 ? this.#queue.shift() : undefined;
    if (message) this.#idle.pop()?.postMessage(message);
  }
}

/** A file's content in memory that threads share. */
function readShared(path: string): Uint8Array {
  const bytes = readFileSync(path);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
