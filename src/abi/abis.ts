import type { Abi } from './abi.ts';
import { POSIX } from './posix/posix.ts';
import { PREVIEW1 } from './preview1/preview1.ts';
import { THREADS } from './threads/threads.ts';
import { UNSTABLE } from './unstable/unstable.ts';
import { WASIX } from './wasix/wasix.ts';

/** All that programs may import from. */
export const ABIS: readonly Abi[] = [PREVIEW1, UNSTABLE, WASIX, POSIX, THREADS];
