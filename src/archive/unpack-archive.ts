import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { EngineError } from '../base/engine-error.ts';

/**
 * Writes the regular files of a tar archive into a host directory, as new files that are nobody's
 * programs: for archives that hold data under plain names, such as an image's layout. Whoever wants
 * a file system reads a layer.
 *
 * # Errors
 * invalid-argument: an entry that is neither a file nor a directory, or whose name leads out of the
 * directory; what the host answers when a file is there already
 */
export async function unpackArchive(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
): Promise<void> {
  const entries = extract();
  const fed = pipeline(Readable.from(archive), entries);
  // Whoever takes the entries is told of its failure, too.
  fed.catch(() => {});
  for await (const entry of entries) {
    const { name, type } = entry.header;
    const path = join(directory, checkedName(name));
    if (type === 'directory') {
      await mkdir(path, { recursive: true });
      entry.resume();
    } else if (type === 'file') {
      await mkdir(dirname(path), { recursive: true });
      await pipeline(entry, createWriteStream(path, { flags: 'wx', mode: 0o644 }));
    } else {
      throw new EngineError('invalid-argument', `cannot unpack ${JSON.stringify(name)}: a ${type}`);
    }
  }
  await fed;
}

/** Names that mean the same on every system. */
function checkedName(name: string): string {
  const components = name.replace(/\/$/, '').split('/');
  if (components.every((component) => /^[\w-][\w.-]*$/.test(component))) return name;
  throw new EngineError(
    'invalid-argument',
    `cannot unpack ${JSON.stringify(name)}: its name leads elsewhere`,
  );
}
