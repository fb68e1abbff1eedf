import { DEFAULT_TAG, longName, parseReference, parseTagged } from '../spec/reference.ts';
import type { Command } from './command.ts';
import { authHeaderFor } from './credentials/registry-auth.ts';
import { imagePath, PLATFORM_FLAG, QUIET_FLAG } from './image-path.ts';
import { ALL_TAGS_MESSAGE } from './pull.ts';
import { readProgress, showProgress } from './read-progress.ts';

export const PUSH: Command = {
  name: 'push',
  usage: '[OPTIONS] NAME[:TAG]',
  summary: 'Upload an image to a registry',
  flags: [
    {
      name: 'all-tags',
      short: 'a',
      kind: 'boolean',
      summary: 'Push all tags of an image to the repository',
    },
    PLATFORM_FLAG,
    QUIET_FLAG,
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal }, flags, [name = '']) => {
    const reference = parseReference(name);
    const isAll = flags.isOn('all-tags');
    if (isAll && reference.tag !== undefined) throw new Error(ALL_TAGS_MESSAGE);
    const isQuiet = flags.isOn('quiet');
    if (!isAll && reference.tag === undefined && !isQuiet) {
      terminal.stdout.write(`Using default tag: ${DEFAULT_TAG}\n`);
    }
    const wanted = isAll ? reference : parseTagged(name);
    // By its long name it is nothing but a name, even when there is an id that begins like it.
    const { repository, digest } = wanted;
    const path = imagePath(longName({ repository, ...(digest ? { digest } : {}) }), 'push');
    const response = await engine.stream('POST', path, {
      query: { tag: wanted.tag, platform: flags.text('platform') },
      headers: await authHeaderFor(name, terminal),
    });
    if (isQuiet) {
      await readProgress(response, () => {});
      terminal.stdout.write(`${longName(wanted)}\n`);
    } else {
      await showProgress(response, terminal.stdout);
    }
    return 0;
  },
};
