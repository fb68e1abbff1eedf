import type { EnginePaths } from '../base/engine-paths.ts';
import type { EngineClient } from './engine-client.ts';
import { describeFlags, type FlagSpec, type Flags, UsageError } from './flags.ts';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly paths: EnginePaths;
  /** The daemon, started when there is none. */
  readonly engine: EngineClient;
  /** The daemon as it is: a call fails when there is none. */
  readonly presentEngine: EngineClient;
  /** With flags of its own, as `--insecure-registry=host`. */
  readonly startDaemon: (flags?: readonly string[]) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly isProcessAlive: (pid: number) => boolean;
  readonly clientFacts: { readonly version: string; readonly nodeVersion: string };
}

export interface Command {
  /** `run`, or `system start`. */
  readonly name: string;
  /** After the name: `[OPTIONS] IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly FlagSpec[];
  /** False: flags after the first positional belong to it. True when absent. */
  readonly isInterspersed?: false;
  readonly arguments: { readonly least: number; readonly most: number };
  /** What `wolffia` exits with; 1 for anything else that is thrown, unless the error says more. */
  readonly run: (
    context: CommandContext,
    flags: Flags,
    positionals: readonly string[],
  ) => Promise<number>;
}

/** A failure whose exit code is not 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** # Errors: UsageError in Docker's words. */
export function checkArgumentCount(command: Command, count: number): void {
  const { least, most } = command.arguments;
  if (count >= least && count <= most) return;
  const name = `"wolffia ${command.name}"`;
  const plural = (number: number): string => `${number} argument${number === 1 ? '' : 's'}`;
  if (most === 0) throw new UsageError(`${name} accepts no arguments.`);
  if (least === most) throw new UsageError(`${name} requires ${plural(least)}.`);
  if (count < least) throw new UsageError(`${name} requires at least ${plural(least)}.`);
  throw new UsageError(`${name} requires at most ${plural(most)}.`);
}

export function helpOf(command: Command): string {
  const flags = describeFlags(command.flags);
  return [
    `Usage:  wolffia ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}\n`,
    `${command.summary}\n`,
    ...(flags === '' ? [] : [`Options:\n${flags}`]),
  ].join('\n');
}

/**
 * Does the same to each of several things, and prints the name of each that it was done to. One
 * failure does not keep the others from their turn.
 */
export async function forEachNamed(
  { terminal }: CommandContext,
  names: readonly string[],
  act: (name: string) => Promise<string | undefined>,
): Promise<number> {
  let exitCode = 0;
  for (const name of names) {
    try {
      const line = await act(name);
      if (line !== undefined) terminal.stdout.write(`${line}\n`);
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      terminal.stderr.write(`${printable(thrown.message)}\n`);
      exitCode = 1;
    }
  }
  return exitCode;
}
