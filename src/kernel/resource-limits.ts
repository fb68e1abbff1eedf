import { ERRNO } from '../base/errno.ts';
import { MAX_FDS } from './fd-table.ts';

/** getrlimit(2): current and maximum of each resource. */
export interface ResourceLimit {
  readonly current: bigint;
  readonly maximum: bigint;
}

export const UNLIMITED = (1n << 64n) - 1n;
/** Linux's numbers. */
export const RESOURCE = { stack: 3, core: 4, openFiles: 7 } as const;
export const RESOURCE_COUNT = 16;

const DEFAULTS: ReadonlyMap<number, ResourceLimit> = new Map([
  [RESOURCE.stack, { current: 8n << 20n, maximum: UNLIMITED }],
  [RESOURCE.core, { current: 0n, maximum: UNLIMITED }],
  [RESOURCE.openFiles, { current: 1024n, maximum: BigInt(MAX_FDS) }],
]);

/**
 * What a process may use by setrlimit(2). Only the number of open files is enforced: memory, time
 * and processes are the container's to limit.
 */
export class ResourceLimits {
  /** Never changed, but replaced: children share it until one of them sets a limit. */
  #limits: ReadonlyMap<number, ResourceLimit>;

  constructor(limits: ReadonlyMap<number, ResourceLimit> = DEFAULTS) {
    this.#limits = limits;
  }

  copy(): ResourceLimits {
    return new ResourceLimits(this.#limits);
  }

  /** Throws EINVAL. */
  get(resource: number): ResourceLimit {
    if (resource < 0 || resource >= RESOURCE_COUNT) throw ERRNO.EINVAL;
    return this.#limits.get(resource) ?? { current: UNLIMITED, maximum: UNLIMITED };
  }

  /**
   * Throws EINVAL, and EPERM for a maximum that is raised without privilege, or above what any
   * process may have (setrlimit(2)).
   */
  set(resource: number, limit: ResourceLimit, mayRaise: boolean): void {
    const present = this.get(resource);
    if (limit.current > limit.maximum) throw ERRNO.EINVAL;
    if (limit.maximum > present.maximum && !mayRaise) throw ERRNO.EPERM;
    if (resource === RESOURCE.openFiles && limit.maximum > MAX_FDS) throw ERRNO.EPERM;
    this.#limits = new Map(this.#limits).set(resource, limit);
  }
}
