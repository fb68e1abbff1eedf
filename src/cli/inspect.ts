import type { Command } from './command.ts';
import { type EngineClient, EngineResponseError } from './engine-client.ts';
import { imagePath } from './image-path.ts';
import { compileTemplate } from './template.ts';

export const FORMAT_FLAG_OF_INSPECT = {
  name: 'format',
  short: 'f',
  kind: 'text',
  summary: "Format output using a custom template: 'json', or a Go template",
} as const;

export const INSPECT: Command = {
  name: 'inspect',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  summary: 'Return low-level information on containers and images',
  flags: [
    FORMAT_FLAG_OF_INSPECT,
    { name: 'type', kind: 'text', summary: 'Only inspect objects of the given type' },
  ],
  arguments: { least: 1, most: Number.POSITIVE_INFINITY },
  run: async (context, flags, names) => {
    const { engine } = context;
    const format = flags.text('format');
    const render = format === undefined ? undefined : rendererOf(format);
    const found: unknown[] = [];
    let exitCode = 0;
    for (const name of names) {
      const object = await find(engine, name, flags.text('type'));
      if (object === undefined) {
        context.terminal.stderr.write(`Error: No such object: ${name}\n`);
        exitCode = 1;
      } else if (render) {
        context.terminal.stdout.write(`${render(object)}\n`);
      } else {
        found.push(object);
      }
    }
    if (!render) context.terminal.stdout.write(`${JSON.stringify(found, undefined, 4)}\n`);
    return exitCode;
  },
};

export function rendererOf(format: string): (value: unknown) => string {
  return format === 'json' ? (value) => JSON.stringify(value) : compileTemplate(format);
}

/** Containers come before images of the same name. */
async function find(
  engine: EngineClient,
  name: string,
  type: string | undefined,
): Promise<unknown> {
  const paths = [
    ...(type === 'image' ? [] : [`/containers/${encodeURIComponent(name)}/json`]),
    ...(type === 'container' ? [] : [imagePath(name, 'json')]),
  ];
  for (const path of paths) {
    try {
      return await engine.call<unknown>('GET', path);
    } catch (thrown) {
      if (!(thrown instanceof EngineResponseError) || thrown.status >= 500) throw thrown;
    }
  }
  return undefined;
}
