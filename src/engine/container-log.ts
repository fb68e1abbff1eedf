import { closeSync, fstatSync, ftruncateSync, openSync, write } from 'node:fs';
import type { OutputStream } from '../runtime/contract.ts';
import { encodeFrames, FRAME_OVERHEAD_BYTES, type LogEntry } from './log-frame.ts';

/**
 * Writes the output of one container to its log. Theory of operation: one write is under way at a
 * time; what comes meanwhile is gathered and goes out as the next one. `append` answers a promise
 * once too much has gathered, which slows the program down. So the log is in order, nothing is
 * lost, and memory is bounded by `MAX_PENDING_BYTES` and one write more for each stream.
 *
 * A reader may use the first `sizeBytes` of the file at any time; it learns by `onChange` that
 * there is more.
 */
export class ContainerLog {
  readonly path: string;
  readonly #onFailure: (thrown: unknown) => void;
  readonly #listeners = new Set<() => void>();
  #fd: number | undefined;
  #sizeBytes = 0;
  #pending: LogEntry[] = [];
  #pendingBytes = 0;
  #isWriting = false;
  #drained: PromiseWithResolvers<void> | undefined;
  #flushed: PromiseWithResolvers<void> | undefined;

  /**
   * `onFailure` is told when bytes could not be written (a full disk): they are lost, the program
   * goes on.
   */
  constructor(path: string, onFailure: (thrown: unknown) => void) {
    this.path = path;
    this.#onFailure = onFailure;
  }

  /** Whether a run is writing. */
  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /** The length of what is in the file, for readers while the log is open. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Begins a run. */
  open(): void {
    this.#fd = openSync(this.path, 'a', 0o600);
    this.#sizeBytes = fstatSync(this.#fd).size;
  }

  /** `bytes` belongs to the log from now on. The promise, if any, resolves when more may come. */
  append(stream: OutputStream, timeNs: bigint, bytes: Uint8Array): Promise<void> | undefined {
    if (this.#fd === undefined || bytes.length === 0) return undefined;
    this.#pending.push({ stream, timeNs, bytes });
    this.#pendingBytes += bytes.length + FRAME_OVERHEAD_BYTES;
    if (!this.#isWriting) this.#writePending();
    if (this.#pendingBytes < MAX_PENDING_BYTES) return undefined;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  /** Resolves when all that was appended is in the file. */
  flush(): Promise<void> | undefined {
    if (!this.#isWriting) return undefined;
    this.#flushed ??= Promise.withResolvers();
    return this.#flushed.promise;
  }

  /** Ends the run; everything must have been flushed. Idempotent. */
  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    this.#notify();
  }

  /**
   * Calls back whenever `sizeBytes` has grown, and at the end of the run. Answers how to stop that.
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #writePending(): void {
    const batch = encodeFrames(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#isWriting = true;
    this.#writeRest(batch, 0);
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #writeRest(batch: Uint8Array, start: number): void {
    const fd = this.#fd;
    if (fd === undefined) throw new Error('log closed while a write is under way');
    write(fd, batch, start, batch.length - start, null, (error, written) => {
      if (error) {
        this.#finish(fd, error);
      } else if (start + written < batch.length) {
        this.#writeRest(batch, start + written);
      } else {
        this.#sizeBytes += batch.length;
        this.#finish(fd, undefined);
      }
    });
  }

  #finish(fd: number, failure: Error | undefined): void {
    this.#isWriting = false;
    if (failure) {
      this.#onFailure(failure);
      // Half a frame must not stand in the way of what comes once there is room again.
      ftruncateSync(fd, this.#sizeBytes);
    }
    this.#notify();
    if (this.#pending.length > 0) {
      this.#writePending();
      return;
    }
    this.#flushed?.resolve();
    this.#flushed = undefined;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Enough to keep the disk busy; a program that prints faster than this drains waits. */
const MAX_PENDING_BYTES = 512 * 1024;
