import type { Clock } from '../base/clock.ts';
import type { Turns } from '../kernel/turns.ts';
import type { HostFiles } from '../vfs/host-files.ts';

/** What a cell is given of the machine: all of it, and by main/cell.ts only. */
export interface CellHost {
  readonly clock: Clock;
  readonly turns: Turns;
  readonly files: HostFiles;
  /** Fills with random bytes fit for keys. */
  readonly fillRandom: (target: Uint8Array) => void;
  /** What the machine has; a container without a limit is told that it may use it. */
  readonly memoryBytes: number;
  /** How many threads the cell can have at once, of all containers. */
  readonly threadLimit: number;
  /** Where rewritten programs are kept for the next cell; undefined: nowhere. */
  readonly rewriteCacheDirectory: string | undefined;
  /** The sha256 of the bytes, in hexadecimal. */
  readonly sha256: (bytes: Uint8Array) => string;
  /** Writes what should never happen to the engine's log. */
  readonly reportBug: (where: string, thrown: unknown) => void;
}
