import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { createDeferred } from '../base/deferred.ts';
import type { EnginePaths } from '../base/engine-paths.ts';
import { READINESS_LINE } from '../wire/system.ts';

export interface DaemonProgram {
  /** A Node that can run the engine. */
  readonly nodePath: string;
  readonly scriptPath: string;
}

/**
 * Starting takes a fraction of a second; a disk that is busy or a big store to mend may take
 * longer.
 */
const START_TIMEOUT_MS = 60_000;
const LOG_TAIL_BYTES = 2048;

/**
 * Starts a daemon that outlives us, and resolves once it answers. Two that are started at once are
 * no harm: one of them finds the data root taken, and ends.
 *
 * # Errors
 * an Error that tells what the daemon said, and the end of its log
 */
export async function startDaemon(
  paths: EnginePaths,
  program: DaemonProgram,
  flags: readonly string[] = [],
): Promise<void> {
  mkdirSync(paths.dataRoot, { recursive: true, mode: 0o700 });
  const child = spawn(
    program.nodePath,
    [program.scriptPath, '--data-root', paths.dataRoot, '--host', paths.host, ...flags],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: paths.dataRoot, windowsHide: true },
  );
  const { promise, resolve, reject } = createDeferred<void>();
  let output = '';
  let complaint = '';
  const fail = (what: string): void => {
    const said = complaint.trim();
    reject(new Error(said === '' ? `${what}\n${logTail(paths.logPath)}` : said));
  };
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes(READINESS_LINE)) resolve();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-LOG_TAIL_BYTES);
  });
  child.once('error', (error) => fail(`cannot start wolffiad: ${error.message}`));
  child.once('close', (code, signal) => fail(`wolffiad ended at its start (${signal ?? code})`));
  const timer = setTimeout(
    () => fail(`wolffiad (pid ${child.pid}) did not get ready within ${START_TIMEOUT_MS / 1000} s`),
    START_TIMEOUT_MS,
  );
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    child.removeAllListeners();
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
  }
}

/** The end of the daemon's log, for an error message. */
export function logTail(logPath: string): string {
  try {
    const fd = openSync(logPath, 'r');
    try {
      const { size } = fstatSync(fd);
      const bytes = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES));
      readSync(fd, bytes, 0, bytes.length, size - bytes.length);
      return `the end of ${logPath}:\n${bytes.toString()}`;
    } finally {
      closeSync(fd);
    }
  } catch {
    // No log is an answer, too: the daemon did not come so far.
    return `there is no log at ${logPath}`;
  }
}
