import { EngineError } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import { type Credentials, sameIds } from './credentials.ts';

/** Larger ones are no list of users that anybody wrote. */
const MAX_DATABASE_BYTES = 1 << 20;
const MAX_ID = 0x7fff_ffff;

/** Who a container's process is to run as. */
export interface UserRecord {
  readonly credentials: Credentials;
  /** The home directory that /etc/passwd names; `/` without one. */
  readonly home: string;
}

/**
 * Resolves `user[:group]` as Docker does: names are looked up in /etc/passwd and /etc/group of the
 * container, numbers need not be there; an empty text is root.
 *
 * # Errors
 * failed-precondition, with Docker's words, for a name that is not there, and a number that is none
 */
export function findUser(files: FileTree, text: string): UserRecord {
  const [userText = '', groupText] = text.split(':', 2);
  const users = readTable(files, '/etc/passwd');
  const groups = readTable(files, '/etc/group');
  const wanted = userText === '' ? '0' : userText;
  const entry =
    users.find(([name]) => name === wanted) ?? users.find(([, , uid]) => uid === wanted);
  const uid = entry ? idOf(entry[2]) : idOf(wanted);
  if (uid === undefined) {
    throw new EngineError(
      'failed-precondition',
      `unable to find user ${userText}: no matching entries in passwd file`,
    );
  }
  const gid = groupText === undefined ? (idOf(entry?.[3]) ?? 0) : findGroup(groups, groupText);
  const name = entry?.[0];
  const isGroupGiven = groupText !== undefined;
  const supplementary = groups.flatMap(([, , id, members]) => {
    const isMember = name !== undefined && members?.split(',').includes(name) === true;
    const found = idOf(id);
    return isMember && !isGroupGiven && found !== undefined ? [found] : [];
  });
  return {
    credentials: {
      user: sameIds(uid),
      group: sameIds(gid),
      supplementary: [...new Set([gid, ...supplementary])],
    },
    home: entry?.[5] || '/',
  };
}

function findGroup(groups: readonly (readonly string[])[], text: string): number {
  const entry = groups.find(([name]) => name === text);
  const gid = entry ? idOf(entry[2]) : idOf(text);
  if (gid !== undefined) return gid;
  throw new EngineError(
    'failed-precondition',
    `unable to find group ${text}: no matching entries in group file`,
  );
}

function idOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}

/** The lines of a file of fields between colons; none when it cannot be read. */
function readTable(files: FileTree, path: string): readonly (readonly string[])[] {
  try {
    const { node } = files.resolve({ start: files.root, path }, true);
    const file = node.open({ read: true, write: false, truncate: false });
    try {
      const bytes = new Uint8Array(Math.min(file.attributes().sizeBytes, MAX_DATABASE_BYTES));
      const count = file.readAt(bytes, 0);
      const text = new TextDecoder().decode(bytes.subarray(0, count));
      return text.split('\n').map((line) => line.split(':'));
    } finally {
      file.close();
    }
  } catch (thrown) {
    // An image of one program has no such file: numbers will do.
    if (!(thrown instanceof Errno)) throw thrown;
    return [];
  }
}
