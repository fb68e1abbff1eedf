import type { StatusFlags } from '../../kernel/file-description.ts';
import { FD_FLAGS } from './numbers.ts';

const SYNCHRONOUS = FD_FLAGS.dsync | FD_FLAGS.rsync | FD_FLAGS.sync;

export function statusFlagsOf(fdFlags: number): StatusFlags {
  return {
    append: (fdFlags & FD_FLAGS.append) !== 0,
    nonBlocking: (fdFlags & FD_FLAGS.nonBlock) !== 0,
    synchronous: (fdFlags & SYNCHRONOUS) !== 0,
  };
}

export function fdFlagsOf(flags: StatusFlags): number {
  return (
    (flags.append ? FD_FLAGS.append : 0) |
    (flags.nonBlocking ? FD_FLAGS.nonBlock : 0) |
    (flags.synchronous ? FD_FLAGS.sync : 0)
  );
}
