import { Errno } from '../../base/errno.ts';
import type { Thread } from '../../kernel/thread.ts';

/** What a slow disk takes in some milliseconds: after so much it is looked whose turn it is. */
const PIECE_BYTES = 1024 * 1024;

/** What a transfer keeps while others have their turn. */
class Progress {
  readonly bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/**
 * Moves a file's bytes from or to a guest's buffers, piece by piece, for a host's files are read and
 * written while nobody else runs. Answers how many there were; `gave-way`: the slice is over, and
 * the call is to be tried again.
 *
 * `move` takes a piece and how much was moved before it, and answers how much it moved: less than
 * the piece at the file's end, or where there is no room. What it throws after something was moved
 * comes with the next call.
 */
export function transfer(
  thread: Thread,
  buffers: readonly Uint8Array[],
  move: (piece: Uint8Array, done: number) => number,
): number | 'gave-way' {
  let done = thread.retry instanceof Progress ? thread.retry.bytes : 0;
  let skipped = done;
  for (const buffer of buffers) {
    let at = Math.min(skipped, buffer.length);
    skipped -= at;
    while (at < buffer.length) {
      // Nearly all are small, and a view costs as much as the rest of this loop.
      const isWhole = at === 0 && buffer.length <= PIECE_BYTES;
      const piece = isWhole ? buffer : buffer.subarray(at, at + PIECE_BYTES);
      const moved = moveAfter(done, piece, move);
      done += moved;
      at += moved;
      if (moved < piece.length) return done;
      if (moved === PIECE_BYTES && thread.system.scheduler.isSliceOver()) {
        thread.retry = new Progress(done);
        thread.giveWay();
        return 'gave-way';
      }
    }
  }
  return done;
}

function moveAfter(
  done: number,
  piece: Uint8Array,
  move: (piece: Uint8Array, done: number) => number,
): number {
  try {
    return move(piece, done);
  } catch (thrown) {
    if (done > 0 && thrown instanceof Errno) return 0;
    throw thrown;
  }
}
