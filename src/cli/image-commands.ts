import { parseReference } from '../spec/reference.ts';
import type { ImageConvertResponse, ImageDeleteItem } from '../wire/image.ts';
import { type Command, forEachNamed } from './command.ts';
import { EngineResponseError } from './engine-client.ts';
import { imagePath } from './image-path.ts';
import { FORMAT_FLAG_OF_INSPECT, rendererOf } from './inspect.ts';

const SEVERAL = { least: 1, most: Number.POSITIVE_INFINITY };

export const IMAGE_INSPECT: Command = {
  name: 'image inspect',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Display detailed information on one or more images',
  flags: [FORMAT_FLAG_OF_INSPECT],
  arguments: SEVERAL,
  run: async (context, flags, names) => {
    const { engine, terminal } = context;
    const format = flags.text('format');
    const render = format === undefined ? undefined : rendererOf(format);
    const found: unknown[] = [];
    const exitCode = await forEachNamed(context, names, async (name) => {
      const image = await engine.call<unknown>('GET', imagePath(name, 'json'));
      if (render) return render(image);
      found.push(image);
      return undefined;
    });
    if (!render) terminal.stdout.write(`${JSON.stringify(found, undefined, 4)}\n`);
    return exitCode;
  },
};

export const REMOVE_IMAGE: Command = {
  name: 'rmi',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Remove one or more images',
  flags: [
    { name: 'force', short: 'f', kind: 'boolean', summary: 'Force removal of the image' },
    { name: 'no-prune', kind: 'boolean', summary: 'Do not delete untagged parents' },
  ],
  arguments: SEVERAL,
  run: async (context, flags, names) => {
    const { engine, terminal } = context;
    const force = flags.isOn('force');
    return forEachNamed(context, names, async (name) => {
      try {
        const query = { force, noprune: flags.isOn('no-prune') };
        const items = await engine.call<readonly ImageDeleteItem[]>('DELETE', imagePath(name), {
          query,
        });
        return items.map(deletionLine).join('\n');
      } catch (thrown) {
        const isAbsent = thrown instanceof EngineResponseError && thrown.status === 404;
        if (!isAbsent || !force) throw thrown;
        // As docker: what is not there is as good as removed.
        terminal.stderr.write(`${thrown.message}\n`);
        return undefined;
      }
    });
  },
};

function deletionLine({ Untagged, Deleted }: ImageDeleteItem): string {
  return Untagged === undefined ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`;
}

export const TAG: Command = {
  name: 'tag',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  flags: [],
  arguments: { least: 2, most: 2 },
  run: async ({ engine }, _flags, [source = '', target = '']) => {
    const { repository, tag, digest } = parseReference(target);
    if (digest !== undefined) {
      throw new Error('refusing to create a tag with a digest reference');
    }
    await engine.call('POST', imagePath(source, 'tag'), { query: { repo: repository, tag } });
    return 0;
  },
};

export const IMAGE_CONVERT: Command = {
  name: 'image convert',
  usage: '[OPTIONS] SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  summary: 'Make the artifact of an image that is one module, or the image of an artifact',
  flags: [
    {
      name: 'to',
      kind: 'text',
      summary: 'Form to make: artifact (CNCF Wasm OCI artifact) or image (default "artifact")',
      placeholder: 'form',
    },
  ],
  arguments: { least: 2, most: 2 },
  run: async ({ engine, terminal }, flags, [source = '', target = '']) => {
    const query = { form: flags.text('to') ?? 'artifact', target };
    const { Id: id } = await engine.call<ImageConvertResponse>(
      'POST',
      imagePath(source, 'convert'),
      { query },
    );
    terminal.stdout.write(`${id}\n`);
    return 0;
  },
};
