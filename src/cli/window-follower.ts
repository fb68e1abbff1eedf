import type { EngineClient } from './engine-client.ts';
import type { Terminal } from './terminal.ts';

/**
 * Tells the engine the size of the user's terminal, now and whenever it changes, until the answer is
 * called. `target` is `/containers/{id}` or `/exec/{id}`.
 */
export function followWindow(engine: EngineClient, terminal: Terminal, target: string): () => void {
  const tell = (): void => void tellWindow(engine, terminal, target);
  tell();
  return terminal.onSignal('SIGWINCH', tell);
}

/**
 * Programs draw their screen when its size changes: to one of another size first, they draw for who
 * has just come.
 */
export function provokeRedraw(
  engine: EngineClient,
  terminal: Terminal,
  target: string,
): Promise<void> {
  return tellWindow(engine, terminal, target, 1);
}

async function tellWindow(
  engine: EngineClient,
  terminal: Terminal,
  target: string,
  excess = 0,
): Promise<void> {
  const size = terminal.windowSize();
  if (!size) return;
  const query = { h: size.rows + excess, w: size.columns + excess };
  // A program that has just ended has no size any more.
  await engine.call('POST', `${target}/resize`, { query }).catch(() => {});
}

/** The size of the user's terminal, for the program's; nothing when there is none. */
export function consoleSizeOf(terminal: Terminal): { ConsoleSize?: [number, number] } {
  const size = terminal.windowSize();
  return size ? { ConsoleSize: [size.rows, size.columns] } : {};
}
