import { ERRNO } from '../../base/errno.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';

const VECTOR_SIZE = 8;
/** Linux's IOV_MAX: a guest-chosen count bounds a loop of ours. */
const MAX_VECTORS = 1024;

/** As Linux (MAX_RW_COUNT): more is not read or written in one call. */
const MAX_TRANSFER_BYTES = 0x7ffff000;

/**
 * The buffers of an iovec or ciovec array, empty ones left out, and what is past the limit of a
 * transfer. Throws EFAULT, EINVAL.
 */
export function readVectors(memory: GuestMemory, pointer: number, count: number): Uint8Array[] {
  const length = count >>> 0;
  if (length > MAX_VECTORS) throw ERRNO.EINVAL;
  const buffers: Uint8Array[] = [];
  let left = MAX_TRANSFER_BYTES;
  for (let index = 0; index < length; index++) {
    const at = (pointer >>> 0) + index * VECTOR_SIZE;
    const buffer = memory.bytes(memory.readU32(at), memory.readU32(at + 4));
    const part = buffer.length > left ? buffer.subarray(0, left) : buffer;
    left -= part.length;
    if (part.length > 0) buffers.push(part);
  }
  return buffers;
}
