import { spawnSync } from 'node:child_process';

/** Those that end us and that Node does not look after (it restores terminals for the others). */
const ENDING_SIGNALS = ['SIGHUP', 'SIGQUIT', 'SIGINT', 'SIGTERM'] as const;

/**
 * Puts the terminal on standard input into raw mode. The answer undoes it, idempotently; otherwise
 * the end of the process does: Node by itself when it exits or throws, we before a signal ends us.
 */
export function enterRawMode(): () => void {
  const { stdin } = process;
  stdin.setRawMode(true);
  // What a program's own terminal made of its output is final, but Node leaves this on.
  if (process.platform !== 'win32') {
    spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  }
  const listeners = ENDING_SIGNALS.map((signal) => {
    const listener = (): void => {
      leave();
      process.kill(process.pid, signal);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  const leave = (): void => {
    stdin.setRawMode(false);
    for (const stop of listeners) stop();
  };
  return leave;
}
