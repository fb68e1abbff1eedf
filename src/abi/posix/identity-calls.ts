import { ERRNO } from '../../base/errno.ts';
import { changeIds, isPrivileged, MAX_SUPPLEMENTARY } from '../../kernel/credentials.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';

/** credentials(7). */
export const IDENTITY_CALLS = {
  ids_get: hostcall(['i32'], (thread, ids) => {
    const { user, group } = thread.process.credentials;
    thread.memory.bytes(ids, 24);
    [user, group].forEach(({ real, effective, saved }, index) => {
      const at = (ids >>> 0) + index * 12;
      thread.memory.writeU32(at, real);
      thread.memory.writeU32(at + 4, effective);
      thread.memory.writeU32(at + 8, saved);
    });
    return undefined;
  }),

  users_set: hostcall(['i32', 'i32', 'i32'], ({ process }, real, effective, saved) => {
    const { credentials } = process;
    const wanted = { real: idOf(real), effective: idOf(effective), saved: idOf(saved) };
    const user = changeIds(credentials.user, wanted, isPrivileged(credentials));
    process.credentials = { ...credentials, user };
    return undefined;
  }),

  groups_set: hostcall(['i32', 'i32', 'i32'], ({ process }, real, effective, saved) => {
    const { credentials } = process;
    const wanted = { real: idOf(real), effective: idOf(effective), saved: idOf(saved) };
    const group = changeIds(credentials.group, wanted, isPrivileged(credentials));
    process.credentials = { ...credentials, group };
    return undefined;
  }),

  supplementary_get: hostcall(['i32', 'i32', 'i32'], (thread, groups, capacity, count) => {
    const { supplementary } = thread.process.credentials;
    thread.memory.writeU32(count, supplementary.length);
    if (capacity === 0) return undefined;
    if (capacity >>> 0 < supplementary.length) throw ERRNO.EINVAL;
    thread.memory.bytes(groups, supplementary.length * 4);
    supplementary.forEach((group, index) => {
      thread.memory.writeU32((groups >>> 0) + index * 4, group);
    });
    return undefined;
  }),

  supplementary_set: hostcall(['i32', 'i32'], (thread, groups, count) => {
    const { memory, process } = thread;
    const { credentials } = process;
    const length = count >>> 0;
    if (!isPrivileged(credentials)) throw ERRNO.EPERM;
    if (length > MAX_SUPPLEMENTARY) throw ERRNO.EINVAL;
    memory.bytes(groups, length * 4);
    const supplementary = Array.from({ length }, (_, index) =>
      memory.readU32((groups >>> 0) + index * 4),
    );
    process.credentials = { ...credentials, supplementary };
    return undefined;
  }),
} satisfies Record<string, Hostcall>;

/** -1 leaves an id as it is. */
function idOf(id: number): number | undefined {
  return id === -1 ? undefined : id >>> 0;
}
