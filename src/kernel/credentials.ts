import { ERRNO } from '../base/errno.ts';

/** credentials(7): real, effective and saved ids, and the supplementary groups. */
export interface Credentials {
  readonly user: Ids;
  readonly group: Ids;
  readonly supplementary: readonly number[];
}

export interface Ids {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
}

export const ROOT: Credentials = { user: sameIds(0), group: sameIds(0), supplementary: [0] };

/** As Linux's NGROUPS_MAX. */
export const MAX_SUPPLEMENTARY = 65_536;

export function sameIds(id: number): Ids {
  return { real: id, effective: id, saved: id };
}

export function isPrivileged({ user }: Credentials): boolean {
  return user.effective === 0;
}

/**
 * As setresuid(2) and setresgid(2); undefined leaves an id as it is.
 *
 * Throws EPERM for an id that the process has none of, unless it is privileged.
 */
export function changeIds(
  ids: Ids,
  wanted: { readonly [Which in keyof Ids]: number | undefined },
  mayAll: boolean,
): Ids {
  const own = [ids.real, ids.effective, ids.saved];
  for (const id of [wanted.real, wanted.effective, wanted.saved]) {
    if (id !== undefined && !mayAll && !own.includes(id)) throw ERRNO.EPERM;
  }
  return {
    real: wanted.real ?? ids.real,
    effective: wanted.effective ?? ids.effective,
    saved: wanted.saved ?? ids.saved,
  };
}
