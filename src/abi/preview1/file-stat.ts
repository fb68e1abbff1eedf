import type { Clock } from '../../base/clock.ts';
import { ERRNO } from '../../base/errno.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Attributes, AttributesChange } from '../../vfs/contract.ts';
import { FILE_TYPES, SET_TIMES } from './numbers.ts';

const FILESTAT_SIZE = 64;

/** Throws EFAULT. */
export type FileStatWriter = (
  memory: GuestMemory,
  pointer: number,
  attributes: Attributes,
) => undefined;

/** Writes a `filestat` (64 bytes). Throws EFAULT. */
export function writeFileStat(
  memory: GuestMemory,
  pointer: number,
  attributes: Attributes,
): undefined {
  const at = pointer >>> 0;
  memory.bytes(at, FILESTAT_SIZE).fill(0);
  memory.writeU64(at, attributes.device);
  memory.writeU64(at + 8, attributes.inode);
  memory.writeU8(at + 16, FILE_TYPES[attributes.kind]);
  memory.writeU64(at + 24, BigInt(attributes.linkCount));
  memory.writeU64(at + 32, BigInt(attributes.sizeBytes));
  memory.writeU64(at + 40, attributes.accessedNs);
  memory.writeU64(at + 48, attributes.modifiedNs);
  memory.writeU64(at + 56, attributes.changedNs);
}

/**
 * What `fstflags` and its two times ask for. Throws EINVAL when a time is to be both given and now.
 */
export function timesChange(
  clock: Clock,
  accessedNs: bigint,
  modifiedNs: bigint,
  flags: number,
): AttributesChange {
  const chosen = (given: number, now: number, time: bigint): bigint | undefined => {
    const isGiven = (flags & given) !== 0;
    const isNow = (flags & now) !== 0;
    if (isGiven && isNow) throw ERRNO.EINVAL;
    if (isNow) return clock.realtimeNs();
    return isGiven ? BigInt.asUintN(64, time) : undefined;
  };
  const accessed = chosen(SET_TIMES.accessed, SET_TIMES.accessedNow, accessedNs);
  const modified = chosen(SET_TIMES.modified, SET_TIMES.modifiedNow, modifiedNs);
  return {
    ...(accessed === undefined ? {} : { accessedNs: accessed }),
    ...(modified === undefined ? {} : { modifiedNs: modified }),
  };
}
