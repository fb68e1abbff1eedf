import type { IncomingMessage } from 'node:http';
import type { Clock, Timer } from '../../base/clock.ts';
import { EngineError } from '../../base/engine-error.ts';
import type { BlobWriter } from '../../image/blob-writer.ts';
import type { ContentStore } from '../../image/content-store.ts';
import type { Digest } from '../../spec/digest.ts';
import { parseChunkRange } from './byte-range.ts';
import type { PushLeases } from './push-leases.ts';
import { bodyOf } from './registry-call.ts';
import { RegistryError } from './registry-error.ts';

/** Each has a file open; no push sends more than a few blobs at a time. */
const MAX_OPEN_UPLOADS = 256;
/** An upload that nobody has touched for so long is given up. */
const IDLE_MS = 60 * 60 * 1000;
/** As large as a layer may be once it is unpacked. */
export const MAX_BLOB_BYTES = 64 * 1024 ** 3;

export interface BlobUploadsOptions {
  readonly content: ContentStore;
  readonly leases: PushLeases;
  readonly clock: Clock;
  /** A new id at each call. */
  readonly newId: () => string;
}

/** The blobs that are on their way in, each for as long as its client goes on with it. */
export class BlobUploads implements AsyncDisposable {
  readonly #options: BlobUploadsOptions;
  readonly #uploads = new Map<string, BlobUpload>();
  /** Those that have an id and no file yet. */
  #beginning = 0;

  constructor(options: BlobUploadsOptions) {
    this.#options = options;
  }

  /** Errors: TOOMANYREQUESTS. */
  async begin(repository: string): Promise<BlobUpload> {
    if (this.#uploads.size + this.#beginning >= MAX_OPEN_UPLOADS) {
      throw new RegistryError('TOOMANYREQUESTS', 'too many uploads are open', {
        headers: { 'Retry-After': '60' },
      });
    }
    this.#beginning += 1;
    try {
      const writer = await this.#options.content.writer();
      const id = this.#options.newId();
      const forget = (): boolean => this.#uploads.delete(id);
      const upload = new BlobUpload({ ...this.#options, id, repository, writer, forget });
      this.#uploads.set(id, upload);
      return upload;
    } finally {
      this.#beginning -= 1;
    }
  }

  /** Errors: BLOB_UPLOAD_UNKNOWN. */
  find(repository: string, id: string): BlobUpload {
    const upload = this.#uploads.get(id);
    if (upload?.repository === repository) return upload;
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#uploads.values()].map((upload) => upload.cancel()));
  }
}

interface BlobUploadOptions extends Omit<BlobUploadsOptions, 'newId'> {
  readonly id: string;
  readonly repository: string;
  readonly writer: BlobWriter;
  readonly forget: () => void;
}

/**
 * One blob on its way in.
 *
 * # Turns
 * One request at a time works on it, and the newest wins: a client whose connection broke comes
 * back before we have noticed that it did, and is told how far it really got.
 */
export class BlobUpload {
  readonly id: string;
  readonly repository: string;
  readonly #options: BlobUploadOptions;
  /** Resolves when nobody works on it. */
  #turn: Promise<void> = Promise.resolve();
  #active: AbortController | undefined;
  #idle: Timer | undefined;
  #isOver = false;

  constructor(options: BlobUploadOptions) {
    this.id = options.id;
    this.repository = options.repository;
    this.#options = options;
    this.#rest();
  }

  get sizeBytes(): number {
    return this.#options.writer.sizeBytes;
  }

  /** How much is here, once nobody adds to it any more. */
  status(): Promise<number> {
    return this.#inTurn(async () => this.sizeBytes);
  }

  /**
   * Takes in the body of a request. What has come of it stays when its connection breaks.
   *
   * # Errors
   * BLOB_UPLOAD_INVALID: 416 when it does not begin where the last one ended; taken over by another
   * request; SIZE_INVALID
   */
  append(request: IncomingMessage): Promise<number> {
    return this.#inTurn(async (displaced) => {
      await this.#receive(request, displaced);
      return this.sizeBytes;
    });
  }

  /**
   * Takes in the rest, and gives the blob its place in the store: it is on disk when this resolves.
   * The upload is over in any case but 416 and a broken connection.
   *
   * # Errors
   * as `append`; DIGEST_INVALID
   */
  finish(request: IncomingMessage, digest: Digest): Promise<void> {
    return this.#inTurn(async (displaced) => {
      await this.#receive(request, displaced);
      const { writer, content, leases } = this.#options;
      using lease = leases.take();
      lease.hold(digest);
      try {
        await writer.commit(content.pathOf(digest), digest);
        leases.hold(digest);
      } catch (thrown) {
        throw thrown instanceof EngineError ? digestInvalid(digest) : thrown;
      } finally {
        await this.#end();
      }
    });
  }

  /** Idempotent. */
  cancel(): Promise<void> {
    return this.#inTurn(() => this.#end());
  }

  #inTurn<Answer>(act: (displaced: AbortSignal) => Promise<Answer>): Promise<Answer> {
    this.#active?.abort();
    this.#idle?.cancel();
    const controller = new AbortController();
    this.#active = controller;
    const answer = this.#turn.then(() => {
      if (controller.signal.aborted) throw displacedError();
      return act(controller.signal);
    });
    this.#turn = answer.then(
      () => this.#rest(),
      () => this.#rest(),
    );
    return answer;
  }

  #rest(): void {
    this.#idle?.cancel();
    if (this.#isOver) return;
    this.#idle = this.#options.clock.startTimer(IDLE_MS, () => {
      // Somebody works on it again; or its file cannot be removed, and the next start tries again.
      this.cancel().catch(() => {});
    });
  }

  async #end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.forget();
    await this.#options.writer[Symbol.asyncDispose]();
  }

  async #receive(request: IncomingMessage, displaced: AbortSignal): Promise<void> {
    if (this.#isOver) {
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    }
    const expectedBytes = this.#expectedBytes(request);
    const before = this.sizeBytes;
    const stop = (): void => {
      request.destroy();
    };
    displaced.addEventListener('abort', stop);
    try {
      for await (const chunk of bodyOf(request)) {
        if (this.sizeBytes + chunk.length > MAX_BLOB_BYTES) throw tooLarge();
        await this.#options.writer.write(chunk);
      }
    } finally {
      displaced.removeEventListener('abort', stop);
    }
    const gotBytes = this.sizeBytes - before;
    if (expectedBytes !== undefined && gotBytes !== expectedBytes) {
      throw new RegistryError('SIZE_INVALID', 'provided length did not match content length');
    }
  }

  /** Of the body, as its range says. Errors: as `append`. */
  #expectedBytes({ headers }: IncomingMessage): number | undefined {
    const length = Number(headers['content-length'] ?? 0);
    if (this.sizeBytes + length > MAX_BLOB_BYTES) throw tooLarge();
    const header = headers['content-range'];
    if (header === undefined) return undefined;
    const range = parseChunkRange(header);
    if (range?.first === this.sizeBytes) return range.last - range.first + 1;
    throw new RegistryError(
      'BLOB_UPLOAD_INVALID',
      'the chunk does not begin where the last ended',
      {
        status: 416,
        headers: { Range: rangeSoFar(this.sizeBytes) },
      },
    );
  }
}

/** How a registry says how much it has; the first byte's range stands for none at all, too. */
export function rangeSoFar(sizeBytes: number): string {
  return `0-${Math.max(0, sizeBytes - 1)}`;
}

export function digestInvalid(digest: string): RegistryError {
  return new RegistryError('DIGEST_INVALID', 'provided digest did not match uploaded content', {
    details: [{ digest }],
  });
}

function displacedError(): RegistryError {
  return new RegistryError('BLOB_UPLOAD_INVALID', 'the upload was taken over by another request');
}

function tooLarge(): RegistryError {
  return new RegistryError('SIZE_INVALID', `a blob may have ${MAX_BLOB_BYTES} bytes at most`, {
    status: 413,
  });
}
