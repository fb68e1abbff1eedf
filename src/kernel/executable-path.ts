import { EngineError } from '../base/engine-error.ts';
import { ERRNO, Errno } from '../base/errno.ts';
import type { FileTree } from '../vfs/file-tree.ts';
import type { Location } from '../vfs/path-walk.ts';

/** As Docker: what PATH is when the image says nothing. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Finds the file that a command names, as execvp(3): with a slash it is a path from the working
 * directory, without one it is looked up in PATH. The words of the errors are those that Docker's
 * clients choose their exit code by.
 *
 * # Errors
 * - not-found: `executable file not found in $PATH`, `no such file or directory`
 * - permission-denied: it is a directory, or no regular file
 */
export function findExecutable(
  files: FileTree,
  workingDirectory: Location,
  command: string,
  env: readonly string[],
): Location {
  if (command.includes('/')) {
    const found = tryResolve(files, workingDirectory, command);
    if (!found) {
      throw new EngineError(
        'not-found',
        `exec: "${command}": stat ${command}: no such file or directory`,
      );
    }
    return requireFile(found, command);
  }
  const found = findInPath(files, workingDirectory, command, env);
  if (found) return found;
  throw new EngineError('not-found', `exec: "${command}": executable file not found in $PATH`);
}

/** The first regular file of that name in the folders of PATH. */
export function findInPath(
  files: FileTree,
  workingDirectory: Location,
  command: string,
  env: readonly string[],
): Location | undefined {
  const path = env.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length);
  for (const directory of (path ?? DEFAULT_PATH).split(':')) {
    // An empty entry means the working directory (execvp(3)).
    const found = tryResolve(files, workingDirectory, `${directory || '.'}/${command}`);
    if (found?.node.kind === 'regular') return found;
  }
  return undefined;
}

function tryResolve(files: FileTree, start: Location, path: string): Location | undefined {
  try {
    return files.resolve({ start, path }, true);
  } catch (thrown) {
    if (thrown === ERRNO.ENOENT || thrown === ERRNO.ENOTDIR) return undefined;
    if (thrown instanceof Errno) {
      throw new EngineError(
        'permission-denied',
        `exec: "${path}": ${thrown.name}: permission denied`,
      );
    }
    throw thrown;
  }
}

function requireFile(found: Location, command: string): Location {
  if (found.node.kind === 'regular') return found;
  const what = found.node.kind === 'directory' ? 'is a directory' : 'is no regular file';
  throw new EngineError('permission-denied', `exec: "${command}": ${what}: permission denied`);
}
