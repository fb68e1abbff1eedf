import type { FdEntry, FdTable } from '../../kernel/fd-table.ts';
import { DirectoryHandle } from '../../kernel/file-description.ts';
import type { FileTree } from '../../vfs/file-tree.ts';
import type { Location } from '../../vfs/path-walk.ts';
import { DIRECTORY_RIGHTS, INHERITED_RIGHTS } from './numbers.ts';

/**
 * The directories that a preview1 program finds open.
 *
 * preview1 has no working directory: wasi-libc matches every path, absolute or not, against the
 * names of the preopens with their leading slashes taken off, and the longest match wins. With `/`
 * as the working directory, one preopen `/` says it all. With another, the name of each top-level
 * directory is a preopen of its own, so that absolute paths find it, and what matches none of them
 * is relative to the working directory, the preopen `.` (see `startOfPath` for the rest).
 */
export function openPreopens(fds: FdTable, files: FileTree, workingDirectory: Location): void {
  if (!workingDirectory.parent) {
    fds.add(preopen('/', workingDirectory));
    return;
  }
  for (const { name } of files.list(files.root)) {
    const location = directoryNamed(files, name);
    if (location) fds.add(preopen(`/${name}`, location));
  }
  fds.add(preopen(WORKING_DIRECTORY, workingDirectory));
}

/**
 * Where a path from this fd starts. From the working directory's preopen the program may as well
 * have meant a top-level name that is no directory (`/message.txt`) or is younger than the program:
 * when only the root has that name, it is the root's.
 */
export function startOfPath(
  { preopenName }: FdEntry,
  location: Location,
  root: Location,
  path: string,
): Location {
  if (preopenName !== WORKING_DIRECTORY) return location;
  const [name] = path.split('/', 1);
  if (name === undefined || name === '' || name === '.' || name === '..') return location;
  return !hasName(location, name) && hasName(root, name) ? root : location;
}

const WORKING_DIRECTORY = '.';

function hasName(directory: Location, name: string): boolean {
  try {
    return directory.lookup(name) !== undefined;
  } catch {
    // A name that cannot even be looked up will fail with its reason where it is used.
    return false;
  }
}

function preopen(preopenName: string, location: Location): FdEntry {
  return {
    description: new DirectoryHandle(location),
    rights: DIRECTORY_RIGHTS,
    inheritingRights: INHERITED_RIGHTS,
    preopenName,
  };
}

/**
 * The top-level directory of that name, links followed; nothing for files and for links that lead
 * nowhere.
 */
function directoryNamed(files: FileTree, name: string): Location | undefined {
  try {
    const found = files.resolve({ start: files.root, path: name }, true);
    return found.node.kind === 'directory' ? found : undefined;
  } catch {
    // A broken link at the top: there is no directory to open.
    return undefined;
  }
}
