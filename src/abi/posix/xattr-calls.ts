import { ERRNO } from '../../base/errno.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { XattrCondition } from '../../vfs/contract.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';
import { readText } from '../path-argument.ts';
import { targetOf } from './file-target.ts';

const CONDITIONS: readonly (XattrCondition | undefined)[] = [
  'create or replace',
  'create',
  'replace',
];

/** xattr(7). */
export const XATTR_CALLS = {
  xattr_get: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, name, nameLength, value, capacity, size) => {
      const { memory } = thread;
      const xattrs = targetOf(thread, fd, lookup, path, length).xattrs();
      const bytes = xattrs.get(readText(memory, name, nameLength));
      return writeValue(memory, bytes, value, capacity, size);
    },
  ),

  xattr_set: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, name, nameLength, value, valueLength, flags) => {
      const { memory } = thread;
      const condition = CONDITIONS[flags];
      if (!condition) throw ERRNO.EINVAL;
      const bytes = memory.bytes(value, valueLength);
      const xattrs = targetOf(thread, fd, lookup, path, length).xattrs();
      xattrs.set(readText(memory, name, nameLength), bytes, condition);
      return undefined;
    },
  ),

  xattr_list: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, names, capacity, size) => {
      const list = targetOf(thread, fd, lookup, path, length).xattrs().list();
      const bytes = new TextEncoder().encode(list.map((name) => `${name}\0`).join(''));
      return writeValue(thread.memory, bytes, names, capacity, size);
    },
  ),

  xattr_remove: hostcall(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (thread, fd, lookup, path, length, name, nameLength) => {
      const xattrs = targetOf(thread, fd, lookup, path, length).xattrs();
      xattrs.remove(readText(thread.memory, name, nameLength));
      return undefined;
    },
  ),
} satisfies Record<string, Hostcall>;

/** Without room for anything it is only the size that is asked for. */
function writeValue(
  memory: GuestMemory,
  bytes: Uint8Array,
  pointer: number,
  capacity: number,
  size: number,
): undefined {
  memory.writeU32(size, bytes.length);
  if (capacity === 0) return;
  if (bytes.length > capacity >>> 0) throw ERRNO.ERANGE;
  memory.bytes(pointer, bytes.length).set(bytes);
}
