import * as os from 'node:os';
import { join } from 'node:path';
import { resolveEnginePaths } from '../base/engine-paths.ts';
import { startDaemon } from '../cli/autostart.ts';
import type { CommandContext } from '../cli/command.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { EngineClient } from '../cli/engine-client.ts';
import type { Terminal } from '../cli/terminal.ts';
import { BUILD } from './build-facts.ts';
import { findEngineNode } from './engine-node.ts';
import { enterRawMode } from './raw-mode.ts';

const terminal: Terminal = {
  // Touching process.stdin opens it; most commands never read.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal: (name, callback) => {
    process.on(name, callback);
    return () => process.off(name, callback);
  },
  windowSize: () => {
    if (!process.stdout.isTTY) return undefined;
    const [columns, rows] = process.stdout.getWindowSize();
    return { columns, rows };
  },
  enterRawMode,
  env: process.env,
  platform: process.platform,
  workingDirectory: process.cwd(),
};

function openContext(flags: {
  dataRoot: string | undefined;
  host: string | undefined;
}): CommandContext {
  const paths = resolveEnginePaths({
    dataRootFlag: flags.dataRoot,
    hostFlag: flags.host,
    env: process.env,
    platform: process.platform,
    homeDirectory: os.homedir(),
    workingDirectory: process.cwd(),
  });
  const program = { scriptPath: join(__dirname, 'wolffiad.cjs') };
  const start = (flags?: readonly string[]): Promise<void> =>
    startDaemon(paths, { ...program, nodePath: findEngineNode() }, flags);
  return {
    terminal,
    paths,
    engine: new EngineClient(paths.host, paths.socketPath, start),
    presentEngine: new EngineClient(paths.host, paths.socketPath),
    startDaemon: start,
    now: () => Date.now(),
    isProcessAlive,
    clientFacts: { version: BUILD.version, nodeVersion: process.version },
  };
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH. A process that we may not signal is not the user's own daemon.
    return false;
  }
}

/** A reader that has gone (`wolffia logs x | head`) is no failure of ours. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

process.stdout.on('error', endWithReader);
process.stderr.on('error', endWithReader);
void runCommandLine(process.argv.slice(2), terminal, BUILD.version, openContext).then(
  (exitCode) => {
    // What is written goes out first: pipes may still hold some of it.
    process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
  },
);
