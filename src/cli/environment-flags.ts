import { readFileSync } from 'node:fs';
import { type FlagSpec, type Flags, UsageError } from './flags.ts';
import type { Terminal } from './terminal.ts';

export const ENVIRONMENT_FLAGS: readonly FlagSpec[] = [
  { name: 'env', short: 'e', kind: 'list', summary: 'Set environment variables' },
  { name: 'env-file', kind: 'list', summary: 'Read in a file of environment variables' },
];

/** `NAME=value` strings. Errors: UsageError; what the host answers for an --env-file. */
export function environmentOf(flags: Flags, terminal: Terminal): string[] {
  return [
    ...flags.list('env-file').flatMap((path) => readEnvFile(path, terminal)),
    ...flags.list('env').flatMap((entry) => envEntry(entry, terminal)),
  ];
}

/** `NAME` alone takes the value from here, and nothing when there is none. */
function envEntry(entry: string, { env }: Terminal): string[] {
  const [name = ''] = entry.split('=', 1);
  if (name === '') throw new UsageError(`invalid environment variable: ${entry}`);
  if (entry.includes('=')) return [entry];
  const value = env[entry];
  return value === undefined ? [] : [`${entry}=${value}`];
}

function readEnvFile(path: string, terminal: Terminal): string[] {
  return readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => envEntry(line, terminal));
}
