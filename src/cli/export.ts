import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from './command.ts';
import { drained } from './terminal.ts';
import { writeNewFile } from './write-new-file.ts';

export const EXPORT: Command = {
  name: 'export',
  usage: '[OPTIONS] CONTAINER',
  summary: "Export a container's filesystem as a tar archive",
  flags: [
    { name: 'output', short: 'o', kind: 'text', summary: 'Write to a file, instead of STDOUT' },
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal }, flags, [name = '']) => {
    const output = flags.text('output') ?? '';
    if (output === '' && terminal.stdout.isTTY) {
      throw new Error('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    if (output !== '') checkOutput(output);
    const archive = await engine.stream('GET', `/containers/${encodeURIComponent(name)}/export`);
    if (output !== '') {
      await writeNewFile(output, archive);
      return 0;
    }
    for await (const chunk of archive) {
      terminal.stdout.write(chunk);
      await drained(terminal.stdout);
    }
    return 0;
  },
};

/** Before anything is asked for: in Docker's words. */
function checkOutput(output: string): void {
  if (isDirectory(output)) {
    throw new Error('failed to export container: cannot write to a directory');
  }
  const parent = dirname(join(output, '.'));
  if (isDirectory(parent)) return;
  throw new Error(
    `failed to export container: invalid output path: stat ${parent}: no such file or directory`,
  );
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
