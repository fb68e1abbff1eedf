import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Puts a file in place whole: who looks sees all of it or none, also after a crash or a loss of
 * power.
 *
 * `temporaryPath` must be on the same file system, and is gone afterwards.
 */
export function writeDurably(path: string, temporaryPath: string, bytes: Uint8Array): void {
  try {
    writeFileSync(temporaryPath, bytes, { mode: 0o600, flush: true });
    renameDurably(temporaryPath, path);
  } catch (thrown) {
    rmSync(temporaryPath, { force: true });
    throw thrown;
  }
}

/** Renames a file whose content is on disk already, and makes the new name last. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  // Windows has no such call for directories, and makes renames last by itself.
  if (process.platform === 'win32') return;
  const directory = openSync(dirname(to), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
