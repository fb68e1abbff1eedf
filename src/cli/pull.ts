import {
  DEFAULT_TAG,
  longName,
  parseReference,
  parseTagged,
  type Reference,
} from '../spec/reference.ts';
import { FROM_REGISTRY } from '../wire/image.ts';
import type { Command } from './command.ts';
import { authHeaderFor } from './credentials/registry-auth.ts';
import type { EngineClient } from './engine-client.ts';
import { PLATFORM_FLAG, QUIET_FLAG } from './image-path.ts';
import { readProgress, showProgress } from './read-progress.ts';
import type { OutputStream, Terminal } from './terminal.ts';

export const ALL_TAGS_MESSAGE = "tag can't be used with --all-tags/-a";

export const PULL: Command = {
  name: 'pull',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  summary: 'Get an image from the catalog or a registry',
  flags: [
    {
      name: 'all-tags',
      short: 'a',
      kind: 'boolean',
      summary: 'Download all tagged images in the repository',
    },
    PLATFORM_FLAG,
    QUIET_FLAG,
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal }, flags, [name = '']) => {
    const reference = parseReference(name);
    const isAll = flags.isOn('all-tags');
    const isTagged = reference.tag !== undefined || reference.digest !== undefined;
    if (isAll && isTagged) throw new Error(ALL_TAGS_MESSAGE);
    const isQuiet = flags.isOn('quiet');
    if (!isAll && !isTagged && !isQuiet) {
      terminal.stdout.write(`Using default tag: ${DEFAULT_TAG}\n`);
    }
    const wanted = isAll ? reference : parseTagged(name);
    await pull(engine, terminal, {
      name,
      wanted,
      platform: flags.text('platform'),
      output: isQuiet ? undefined : terminal.stdout,
    });
    terminal.stdout.write(`${longName(wanted)}\n`);
    return 0;
  },
};

export interface PullOptions {
  readonly platform: string | undefined;
  /** Undefined: nothing is shown. */
  readonly output: OutputStream | undefined;
}

/**
 * Lets the daemon pull an image, and shows how it goes.
 *
 * # Errors
 * an Error with what the daemon said in the stream; those of the engine; EngineError for a bad name
 */
export function pullImage(
  engine: EngineClient,
  terminal: Terminal,
  name: string,
  options: PullOptions,
): Promise<void> {
  return pull(engine, terminal, { ...options, name, wanted: parseTagged(name) });
}

/** As the user wrote it, and what it means; all tags when that has none. */
interface Wanted {
  readonly name: string;
  readonly wanted: Reference;
}

async function pull(
  engine: EngineClient,
  terminal: Terminal,
  { name, wanted, platform, output }: Wanted & PullOptions,
): Promise<void> {
  const { repository, tag, digest } = wanted;
  const response = await engine.stream('POST', '/images/create', {
    query: {
      fromImage: repository,
      tag: digest ?? tag,
      platform,
      // Whoever writes a registry or a folder out does not mean the catalog.
      origin: name.includes('/') ? FROM_REGISTRY : undefined,
    },
    headers: await authHeaderFor(name, terminal),
  });
  if (output) await showProgress(response, output);
  else await readProgress(response, () => {});
}
