import { ERRNO } from '../base/errno.ts';
import { SIGNALS } from '../base/signals.ts';
import { sameIds } from './credentials.ts';
import { signaled } from './exit-status.ts';
import type { FdEntry } from './fd-table.ts';
import { type FileOpening, openFile } from './file-creation.ts';
import type { FileDescription } from './file-description.ts';
import { accessorOf } from './permissions.ts';
import type { Process } from './process.ts';
import type { ProgramRequest } from './program.ts';
import { newSession, setProcessGroup } from './session.ts';
import { DEFAULT_ACTION, hasSignal, type SignalSet } from './signals.ts';
import type { Thread } from './thread.ts';
import { launchBorrowed } from './vfork.ts';

/**
 * execve(2). `replaced`: the caller's program is told to make way, and its hostcall must not
 * return. `launched`: it was a vfork child that got the program, and the call returns to its
 * parent.
 *
 * Throws the Errnos of `ProgramLoader.load`; then nothing has happened.
 */
export function executeProgram(thread: Thread, request: ProgramRequest): 'replaced' | 'launched' {
  const { process, system } = thread;
  const image = system.loader.load(process, request);
  if (launchBorrowed(thread, image)) return 'launched';
  process.become(image);
  return 'replaced';
}

/** What a spawned process does before its program starts (posix_spawn_file_actions_t). */
export type SpawnAction =
  | { readonly type: 'close'; readonly fd: number }
  | { readonly type: 'duplicate'; readonly from: number; readonly fd: number }
  | {
      readonly type: 'open';
      readonly fd: number;
      readonly path: string;
      readonly opening: FileOpening;
      /** The rights of the new fd, which are the ABI's. */
      readonly entry: (description: FileDescription) => FdEntry;
    }
  | { readonly type: 'enter'; readonly path: string }
  | { readonly type: 'enter-fd'; readonly fd: number };

/** posix_spawnattr_t; what is absent is inherited. */
export interface SpawnAttributes {
  readonly processGroup?: number;
  readonly startsSession?: boolean;
  readonly resetsIds?: boolean;
  readonly defaultSignals?: SignalSet;
  readonly ignoredSignals?: SignalSet;
  readonly signalMask?: SignalSet;
}

export interface SpawnRequest {
  readonly program: ProgramRequest;
  readonly actions: readonly SpawnAction[];
  readonly attributes: SpawnAttributes;
}

/**
 * posix_spawn(3): a child with another program; answers its pid. Throws EAGAIN, what an action
 * fails with, and the Errnos of `ProgramLoader.load`; then there is no child.
 */
export function spawnProgram(thread: Thread, request: SpawnRequest): number {
  const { process, system } = thread;
  const { attributes } = request;
  const child = process.fork(attributes.signalMask ?? thread.signalMask);
  try {
    prepareSpawned(child, attributes);
    for (const action of request.actions) act(thread, child, action);
    const image = system.loader.load(child, request.program);
    image.prepare(child);
    child.execute(image);
    return child.pid;
  } catch (thrown) {
    process.children.disown(child);
    child.end({ status: signaled(SIGNALS.SIGKILL) });
    throw thrown;
  }
}

function prepareSpawned(child: Process, attributes: SpawnAttributes): void {
  const {
    processGroup,
    startsSession,
    resetsIds,
    defaultSignals = 0n,
    ignoredSignals = 0n,
  } = attributes;
  if (startsSession === true) newSession(child);
  else if (processGroup !== undefined) setProcessGroup(child, 0, processGroup);
  if (resetsIds === true) {
    const { user, group, supplementary } = child.credentials;
    child.credentials = { user: sameIds(user.real), group: sameIds(group.real), supplementary };
  }
  for (let signal = 1; signal <= MAX_SIGNAL; signal++) {
    if (hasSignal(defaultSignals, signal)) child.signals.setAction(signal, DEFAULT_ACTION);
    if (hasSignal(ignoredSignals, signal)) {
      child.signals.setAction(signal, { ...DEFAULT_ACTION, kind: 'ignore' });
    }
  }
}

const MAX_SIGNAL = 64;

function act(thread: Thread, child: Process, action: SpawnAction): void {
  const { fds, system, workingDirectory: start } = child;
  switch (action.type) {
    case 'close':
      // As in musl and glibc: what is not open need not be closed.
      if (fds.has(action.fd)) fds.close(action.fd);
      return;
    case 'duplicate':
      if (action.from === action.fd) fds.get(action.fd).closeOnExec = false;
      else fds.duplicateTo(action.from, action.fd, false);
      return;
    case 'open': {
      const flags = { ...action.opening.flags, nonBlocking: true };
      const at = { start, path: action.path, by: accessorOf(child.credentials) };
      const description = openFile(thread, at, { ...action.opening, flags }, child);
      if (description === 'would-block') throw ERRNO.EAGAIN;
      description.flags = action.opening.flags;
      fds.set(action.fd, action.entry(description));
      return;
    }
    case 'enter':
      child.workingDirectory = system.files.resolve({ start, path: `${action.path}/` }, true);
      return;
    case 'enter-fd': {
      const { description } = fds.get(action.fd);
      if (description.kind !== 'directory') throw ERRNO.ENOTDIR;
      child.workingDirectory = description.location;
    }
  }
}
