import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../base/engine-error.ts';
import { tarFiles } from './tar-files.ts';

/**
 * Writes the regular files of a tar archive into a host directory, as new files that are nobody's
 * programs: for archives that hold data under plain names, such as an image's layout. Whoever wants
 * a file system reads a layer.
 *
 * # Errors
 * invalid-argument: no tar archive; an entry that is neither a file nor a directory, or whose name
 * leads out of the directory; what the host answers when a file is there already
 */
export async function unpackArchive(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
): Promise<void> {
  for await (const { entry, content } of tarFiles(archive)) {
    const path = join(directory, checkedName(entry.path));
    if (entry.kind === 'directory') {
      await mkdir(path, { recursive: true });
    } else if (entry.kind === 'regular' && entry.extents === undefined) {
      await mkdir(dirname(path), { recursive: true });
      await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o644 }));
    } else {
      const shown = JSON.stringify(entry.path);
      throw new EngineError('invalid-argument', `cannot unpack ${shown}: it is no plain file`);
    }
  }
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
