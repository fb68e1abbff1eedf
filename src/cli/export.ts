import { checkOutput, isDirectory, OUTPUT_FLAG, writeOutput } from './archive-output.ts';
import type { Command } from './command.ts';

export const EXPORT: Command = {
  name: 'export',
  usage: '[OPTIONS] CONTAINER',
  summary: "Export a container's filesystem as a tar archive",
  flags: [OUTPUT_FLAG],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal }, flags, [name = '']) => {
    const output = flags.text('output') ?? '';
    checkOutput(output, 'export container', terminal);
    if (isDirectory(output)) {
      throw new Error('failed to export container: cannot write to a directory');
    }
    const archive = await engine.stream('GET', `/containers/${encodeURIComponent(name)}/export`);
    await writeOutput(archive, output, terminal);
    return 0;
  },
};
