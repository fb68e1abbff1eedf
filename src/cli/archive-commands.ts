import { createReadStream, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkOutput, isDirectory, OUTPUT_FLAG, writeOutput } from './archive-output.ts';
import type { Command } from './command.ts';
import { CommandError } from './command.ts';
import { PLATFORM_FLAG } from './image-path.ts';
import { showProgress } from './read-progress.ts';

export const SAVE: Command = {
  name: 'save',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
  flags: [
    { ...OUTPUT_FLAG, summary: 'Write to a file, or a folder (DIR/), instead of STDOUT' },
    PLATFORM_FLAG,
  ],
  arguments: { least: 1, most: Number.POSITIVE_INFINITY },
  run: async ({ engine, terminal }, flags, names) => {
    const output = flags.text('output') ?? '';
    checkOutput(output, 'save image', terminal);
    const isFolder = /[/\\]$/.test(output) || isDirectory(output);
    if (isFolder && isDirectory(output) && (await readdir(output)).length > 0) {
      throw new Error(`failed to save image: ${output} is not empty: name a new folder`);
    }
    const archive = await engine.stream('GET', '/images/get', {
      query: { names, platform: flags.text('platform') },
    });
    if (isFolder) await saveToFolder(archive, output);
    else await writeOutput(archive, output, terminal);
    return 0;
  },
};

/** Whole, or not at all. */
async function saveToFolder(archive: AsyncIterable<Uint8Array>, output: string): Promise<void> {
  const { unpackArchive } = await import('../archive/unpack-archive.ts');
  const target = join(output, '.');
  const partial = join(dirname(target), `.${basename(target)}.partial`);
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(partial);
    await unpackArchive(archive, partial);
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

export const LOAD: Command = {
  name: 'load',
  usage: '[OPTIONS]',
  summary: 'Load an image from a tar archive or STDIN',
  flags: [
    {
      name: 'input',
      short: 'i',
      kind: 'text',
      summary: 'Read from tar archive file, module or folder, instead of STDIN',
    },
    { name: 'quiet', short: 'q', kind: 'boolean', summary: 'Suppress the load output' },
  ],
  arguments: { least: 0, most: 0 },
  run: async ({ engine, terminal }, flags) => {
    const input = flags.text('input') ?? '';
    if (input === '' && terminal.stdin.isTTY) {
      throw new Error('requested load from stdin, but stdin is empty');
    }
    const body = input === '' ? terminal.stdin : await archiveAt(input);
    // Nobody sees bars that have nowhere to be drawn.
    const quiet = flags.isOn('quiet') || !terminal.stdout.isTTY;
    const response = await engine.stream('POST', '/images/load', { query: { quiet }, body });
    await showProgress(response, terminal.stdout);
    return 0;
  },
};

/** A folder is sent as the archive that it would be. */
async function archiveAt(path: string): Promise<AsyncIterable<Uint8Array>> {
  if (!isDirectory(path)) return openFile(path);
  if (!statSync(join(path, 'oci-layout'), { throwIfNoEntry: false })?.isFile()) {
    throw new Error(`cannot load ${path}: it has no file oci-layout, so it is no OCI layout`);
  }
  const { archiveDirectory } = await import('../archive/directory-archive.ts');
  return archiveDirectory(path);
}

/** Opened before a request is made. Errors: in Docker's words. */
async function openFile(path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = createReadStream(path);
  await new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve());
    file.once('error', (thrown: NodeJS.ErrnoException) => {
      const isAbsent = thrown.code === 'ENOENT';
      reject(new Error(isAbsent ? `open ${path}: no such file or directory` : thrown.message));
    });
  });
  return file;
}

export const IMPORT: Command = {
  name: 'import',
  usage: '[OPTIONS] FILE|- [REPOSITORY[:TAG]]',
  summary: 'Import the contents from a tarball to create a filesystem image',
  flags: [
    {
      name: 'change',
      short: 'c',
      kind: 'list',
      summary: 'Apply Dockerfile instruction to the created image',
    },
    { name: 'message', short: 'm', kind: 'text', summary: 'Set commit message for imported image' },
    { name: 'platform', kind: 'text', summary: 'Set platform (default "wasi/wasm")' },
  ],
  arguments: { least: 1, most: 2 },
  run: async ({ engine, terminal }, flags, [source = '', reference = '']) => {
    if (/^https?:/.test(source)) {
      throw new CommandError(1, 'importing from a URL is not supported: download it first');
    }
    const body = source === '-' ? terminal.stdin : await openFile(source);
    const response = await engine.stream('POST', '/images/create', {
      query: {
        fromSrc: '-',
        repo: reference,
        message: flags.text('message'),
        platform: flags.text('platform'),
        changes: flags.list('change'),
      },
      body,
    });
    await showProgress(response, terminal.stdout);
    return 0;
  },
};
