import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../../base/engine-error.ts';
import type { CellMessage } from '../../link/messages.ts';

type SyncMessage = CellMessage & { readonly type: 'sync' };

/**
 * Makes a file durable for a cell, which Node does not let do so itself. The cell is not trusted:
 * whatever it names is only opened, if it is a regular file or a directory, and synced.
 *
 * @returns Node's error code, ESTALE when there is another file at the path; undefined: done
 */
export async function syncFile(message: SyncMessage): Promise<string | undefined> {
  try {
    await using file = await openAny(message.path);
    const stat = await file.stat({ bigint: true });
    const isSame = String(stat.dev) === message.device && String(stat.ino) === message.inode;
    if (!isSame || !(stat.isFile() || stat.isDirectory())) return 'ESTALE';
    await (message.dataOnly ? file.datasync() : file.sync());
    return undefined;
  } catch (thrown) {
    const code = codeOf(thrown);
    // It was moved or removed on the way; the cell looks again.
    return code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR' ? 'ESTALE' : code;
  }
}

/** For reading, or for writing what may not be read; it waits for nobody. */
async function openAny(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  try {
    return await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch (thrown) {
    if (codeOf(thrown) !== 'EACCES') throw thrown;
    return open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  }
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown) return String(thrown.code);
  return messageOf(thrown);
}
