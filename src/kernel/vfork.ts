import type { Process } from './process.ts';
import type { ProgramImage } from './program.ts';
import type { Thread } from './thread.ts';

/**
 * vfork(2): the parent's thread goes on as the child, on the parent's stack and in its memory,
 * until the child has a program of its own or ends. Then the same thread is the parent's again.
 */
export function borrowChild(thread: Thread): Process {
  const child = thread.process.fork(thread.signalMask);
  thread.borrow(child);
  return child;
}

/**
 * The child runs a program of its own from now on; answers false when there is no such child.
 * Throws ENOMEM, ENOEXEC; then it goes on as before.
 */
export function launchBorrowed(thread: Thread, image: ProgramImage): boolean {
  const child = thread.process;
  if (!thread.isBorrowed) return false;
  image.prepare(child);
  child.signalMask = thread.signalMask;
  thread.giveBack();
  child.execute(image);
  return true;
}

/** The child is over; answers false when there is no such child. */
export function endBorrowing(thread: Thread): boolean {
  if (!thread.isBorrowed) return false;
  thread.giveBack();
  return true;
}
