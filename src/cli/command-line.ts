import {
  type Command,
  type CommandContext,
  CommandError,
  checkArgumentCount,
  helpOf,
} from './command.ts';
import { type FoundCommand, findCommand, helpOfAll } from './commands.ts';
import { parseFlags, UsageError } from './flags.ts';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

export const GLOBAL_FLAGS = [
  { name: 'data-root', kind: 'text', summary: '' },
  { name: 'host', short: 'H', kind: 'text', summary: '' },
  { name: 'version', short: 'v', kind: 'boolean', summary: '' },
  { name: 'help', kind: 'boolean', summary: '' },
] as const;

const HELP = { name: 'help', kind: 'boolean', summary: 'Print usage' } as const;

/** Docker's: run tells its own failures apart from the container's. */
const USAGE_EXIT_CODE_OF_RUN = 125;
const USAGE_EXIT_CODE = 1;

/** Runs one command; answers the exit code. All that goes wrong has been told on stderr by then. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  version: string,
  open: (flags: { dataRoot: string | undefined; host: string | undefined }) => CommandContext,
): Promise<number> {
  let found: FoundCommand | undefined;
  try {
    const { flags, positionals } = parseFlags(args, GLOBAL_FLAGS, false);
    if (flags.isOn('version')) {
      terminal.stdout.write(`Wolffia version ${version}\n`);
      return 0;
    }
    if (flags.isOn('help') || positionals.length === 0 || positionals[0] === 'help') {
      return showHelp(positionals.slice(1), terminal);
    }
    found = findCommand(positionals);
    if (!found) {
      terminal.stderr.write(
        `wolffia: unknown command: wolffia ${positionals[0]}\n\nRun 'wolffia --help' for more information\n`,
      );
      return USAGE_EXIT_CODE;
    }
    const context = open({ dataRoot: flags.text('data-root'), host: flags.text('host') });
    return await runCommand(found, context);
  } catch (thrown) {
    return showFailure(thrown, found?.command, terminal);
  }
}

async function runCommand(
  { command, rest }: FoundCommand,
  context: CommandContext,
): Promise<number> {
  const isInterspersed = command.isInterspersed !== false;
  const { flags, positionals } = parseFlags(rest, [...command.flags, HELP], isInterspersed);
  if (flags.isOn('help')) {
    context.terminal.stdout.write(helpOf(command));
    return 0;
  }
  checkArgumentCount(command, positionals.length);
  return command.run(context, flags, positionals);
}

function showHelp(words: readonly string[], terminal: Terminal): number {
  const found = findCommand(words);
  terminal.stdout.write(found ? helpOf(found.command) : helpOfAll());
  return 0;
}

function showFailure(thrown: unknown, command: Command | undefined, { stderr }: Terminal): number {
  if (thrown instanceof UsageError) {
    const usage = command
      ? `\n\nUsage:  wolffia ${command.name} ${command.usage}\n\nRun 'wolffia ${command.name} --help' for more information`
      : "\n\nRun 'wolffia --help' for more information";
    stderr.write(`wolffia: ${thrown.message}${usage}\n`);
    const isRun = command?.name === 'run';
    return isRun ? USAGE_EXIT_CODE_OF_RUN : USAGE_EXIT_CODE;
  }
  // Some of it may be what a registry or an image says.
  stderr.write(`${printable(thrown instanceof Error ? thrown.message : String(thrown))}\n`);
  return thrown instanceof CommandError ? thrown.exitCode : 1;
}
