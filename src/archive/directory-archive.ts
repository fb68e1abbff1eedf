import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';

/**
 * Bits that say whether a program may be run, and whether a folder is everybody's to put files in;
 * the rest is made uniform, so that one tree gives one archive.
 */
const EXECUTABLE = 0o111;
const STICKY = 0o1000;

/**
 * A tar archive of a host directory that depends on nothing but names, contents and who may execute
 * or share: owners are root, times are the epoch, names are in order. Files that are neither
 * directories, regular files nor links are left out.
 */
export async function* archiveDirectory(directory: string): AsyncGenerator<Uint8Array> {
  const archive = pack();
  addDirectory(archive, directory, '').then(
    () => archive.finalize(),
    (thrown: Error) => archive.destroy(thrown),
  );
  for await (const chunk of archive) if (chunk instanceof Uint8Array) yield chunk;
}

async function addDirectory(archive: Pack, directory: string, prefix: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names.sort()) {
    const path = join(directory, name);
    const stat = await lstat(path);
    const header = { name: prefix + name, mtime: new Date(0), uid: 0, gid: 0 };
    if (stat.isDirectory()) {
      await addEntry(archive, {
        ...header,
        name: `${header.name}/`,
        type: 'directory',
        mode: (stat.mode & STICKY) === 0 ? 0o755 : 0o1777,
      });
      await addDirectory(archive, path, `${prefix}${name}/`);
    } else if (stat.isSymbolicLink()) {
      const linkname = await readlink(path);
      await addEntry(archive, { ...header, type: 'symlink', linkname, mode: 0o777 });
    } else if (stat.isFile()) {
      const mode = (stat.mode & EXECUTABLE) === 0 ? 0o644 : 0o755;
      await pipeline(
        createReadStream(path),
        archive.entry({ ...header, type: 'file', mode, size: stat.size }),
      );
    }
  }
}

function addEntry(archive: Pack, header: Parameters<Pack['entry']>[0]): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}
