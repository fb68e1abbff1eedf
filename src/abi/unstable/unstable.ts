import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Attributes } from '../../vfs/contract.ts';
import type { Abi } from '../abi.ts';
import { fdStatCall } from '../preview1/fd-calls.ts';
import { seekCall } from '../preview1/fd-io.ts';
import { FILE_TYPES } from '../preview1/numbers.ts';
import { pathStatCall } from '../preview1/path-calls.ts';
import { pollCall } from '../preview1/poll.ts';
import { PREVIEW1 } from '../preview1/preview1.ts';

const WHENCE = { current: 0, end: 1, start: 2 } as const;
const FILESTAT_SIZE = 56;

/** A clock's subscription begins with an identifier of its own. */
const SUBSCRIPTION = { sizeBytes: 56, clock: 24, timeout: 32, clockFlags: 48 } as const;

const { sock_accept: _call, ...common } = PREVIEW1.calls;
const { sock_accept: _row, ...partial } = PREVIEW1.support.partial;

/**
 * What programs of 2019 import: WASI's first snapshot (legacy/preview0 of WebAssembly/WASI).
 * preview1 is the same but for the order of `whence`, the sizes of `linkcount` and of a clock's
 * subscription, and sock_accept.
 */
export const UNSTABLE: Abi = {
  moduleName: 'wasi_unstable',
  errnoNumbers: PREVIEW1.errnoNumbers,
  calls: {
    ...common,
    fd_seek: seekCall(WHENCE),
    fd_filestat_get: fdStatCall(writeFileStat),
    path_filestat_get: pathStatCall(writeFileStat),
    poll_oneoff: pollCall(SUBSCRIPTION),
  },
  support: {
    about: "preview1's predecessor of 2019.",
    partial,
    missing: {},
  },
};

function writeFileStat(memory: GuestMemory, pointer: number, attributes: Attributes): undefined {
  const at = pointer >>> 0;
  memory.bytes(at, FILESTAT_SIZE).fill(0);
  memory.writeU64(at, attributes.device);
  memory.writeU64(at + 8, attributes.inode);
  memory.writeU8(at + 16, FILE_TYPES[attributes.kind]);
  memory.writeU32(at + 20, attributes.linkCount);
  memory.writeU64(at + 24, BigInt(attributes.sizeBytes));
  memory.writeU64(at + 32, attributes.accessedNs);
  memory.writeU64(at + 40, attributes.modifiedNs);
  memory.writeU64(at + 48, attributes.changedNs);
}
