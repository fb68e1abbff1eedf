import { ERRNO } from '../base/errno.ts';
import type { MemoryCharge } from '../vfs/memory-quota.ts';
import { type StatusFlags, StreamHandle } from './file-description.ts';
import { Pipe } from './pipe.ts';
import type { Thread } from './thread.ts';

/** More at once would only fill the container's memory with buffers (as Linux's pipe-user-pages). */
const MAX_PIPES = 4096;

/** The pipes of a container: those without a name are counted, FIFOs are found by their file. */
export class Pipes {
  readonly #fifos = new Map<string, Pipe>();
  readonly #charge: MemoryCharge;
  #count = 0;
  #lastInode = 0n;

  /** `charge` pays for what is in them. */
  constructor(charge: MemoryCharge) {
    this.#charge = charge;
  }

  /** Both ends of a new pipe. Throws ENFILE, ENOMEM. */
  create(): { readonly readEnd: StreamHandle; readonly writeEnd: StreamHandle } {
    const pipe = this.#newPipe();
    const inode = this.#nextInode();
    const release = (): void => {
      if (pipe.isUnused) this.#count--;
    };
    return {
      readEnd: readEnd(pipe, inode, release),
      writeEnd: writeEnd(pipe, inode, release),
    };
  }

  /**
   * Opens the FIFO that a file stands for (fifo(7)): waits until the other end is open, too, but to
   * read and write at once. Throws ENXIO for a writer that does not wait when there is no reader.
   */
  openFifo(
    thread: Thread,
    file: { readonly device: bigint; readonly inode: bigint },
    access: { readonly read: boolean; readonly write: boolean },
    flags: StatusFlags,
  ): StreamHandle | 'would-block' {
    const key = `${file.device}:${file.inode}`;
    // The end that this call opened when it was first tried.
    const opening = thread.retry instanceof StreamHandle ? thread.retry : undefined;
    const pipe = this.#fifos.get(key) ?? this.#newPipe();
    this.#fifos.set(key, pipe);
    const isBoth = access.read && access.write;
    if (!opening && access.write && !isBoth && flags.nonBlocking && !pipe.hasReaders) {
      this.#forget(key, pipe);
      throw ERRNO.ENXIO;
    }
    const end = opening ?? this.#openEnd(pipe, file.inode, access, () => this.#forget(key, pipe));
    end.flags = flags;
    const isMet = access.read ? pipe.hasWriters || pipe.availableBytes > 0 : pipe.hasReaders;
    if (isBoth || flags.nonBlocking || isMet) return end;
    if (thread.isInterrupted) {
      end.discard();
      throw ERRNO.EINTR;
    }
    thread.retry = end;
    thread.blockOn({ queues: [pipe.opened] });
    return 'would-block';
  }

  #openEnd(
    pipe: Pipe,
    inode: bigint,
    access: { readonly read: boolean; readonly write: boolean },
    release: () => void,
  ): StreamHandle {
    if (access.read && access.write) {
      pipe.addReader();
      pipe.addWriter();
      const close = (): void => {
        pipe.removeReader();
        pipe.removeWriter();
        release();
      };
      return new StreamHandle({ source: pipe, sink: pipe, inode, close });
    }
    return access.write ? writeEnd(pipe, inode, release) : readEnd(pipe, inode, release);
  }

  #newPipe(): Pipe {
    if (this.#count >= MAX_PIPES) throw ERRNO.ENFILE;
    const pipe = new Pipe(this.#charge);
    this.#count++;
    return pipe;
  }

  #forget(key: string, pipe: Pipe): void {
    if (!pipe.isUnused || this.#fifos.get(key) !== pipe) return;
    this.#fifos.delete(key);
    this.#count--;
    pipe.clear();
  }

  #nextInode(): bigint {
    this.#lastInode++;
    return this.#lastInode;
  }
}

function readEnd(pipe: Pipe, inode: bigint, release: () => void): StreamHandle {
  pipe.addReader();
  const close = (): void => {
    pipe.removeReader();
    release();
  };
  return new StreamHandle({ source: pipe, inode, close });
}

function writeEnd(pipe: Pipe, inode: bigint, release: () => void): StreamHandle {
  pipe.addWriter();
  const close = (): void => {
    pipe.removeWriter();
    release();
  };
  return new StreamHandle({ sink: pipe, inode, close });
}
