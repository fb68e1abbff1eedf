import { ERRNO } from '../base/errno.ts';
import type { GuestMemory } from '../kernel/guest-memory.ts';

/**
 * An array of records of a guest, each read by its address. `most` bounds what it may choose to have
 * us read. Throws EINVAL past it, EFAULT.
 */
export function readRecords<Record>(
  memory: GuestMemory,
  {
    pointer,
    count,
    most,
  }: { readonly pointer: number; readonly count: number; readonly most: number },
  sizeBytes: number,
  read: (memory: GuestMemory, at: number) => Record,
): Record[] {
  const length = count >>> 0;
  if (length > most) throw ERRNO.EINVAL;
  memory.bytes(pointer, length * sizeBytes);
  return Array.from({ length }, (_, index) => read(memory, (pointer >>> 0) + index * sizeBytes));
}
