import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FlagSpec } from './flags.ts';
import { drained, type Terminal } from './terminal.ts';

export const OUTPUT_FLAG: FlagSpec = {
  name: 'output',
  short: 'o',
  kind: 'text',
  summary: 'Write to a file, instead of STDOUT',
};

/**
 * Before an archive is asked for, whether it can be written; `act` says what for (`save image`).
 *
 * # Errors
 * an Error in Docker's words
 */
export function checkOutput(output: string, act: string, { stdout }: Terminal): void {
  if (output === '') {
    if (!stdout.isTTY) return;
    throw new Error('cowardly refusing to save to a terminal. Use the -o flag or redirect');
  }
  const parent = dirname(join(output, '.'));
  if (isDirectory(parent)) return;
  throw new Error(
    `failed to ${act}: invalid output path: stat ${parent}: no such file or directory`,
  );
}

/** To that file, else to standard output. */
export async function writeOutput(
  parts: AsyncIterable<Uint8Array>,
  output: string,
  { stdout }: Terminal,
): Promise<void> {
  if (output !== '') return writeNewFile(output, parts);
  for await (const part of parts) {
    stdout.write(part);
    await drained(stdout);
  }
}

/**
 * A file of all that comes, in the place of one that is there; when it does not come to its end,
 * nothing of it is left, and the one before stays. Devices and pipes are written to.
 */
async function writeNewFile(path: string, parts: AsyncIterable<Uint8Array>): Promise<void> {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() !== false;
  if (!isFile) return pipeline(parts, createWriteStream(path));
  const partial = `${path}.partial`;
  try {
    await pipeline(parts, createWriteStream(partial, { mode: 0o600 }));
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}

export function isDirectory(path: string): boolean {
  return path !== '' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
