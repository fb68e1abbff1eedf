import type { FileTree } from '../vfs/file-tree.ts';
import type { Location } from '../vfs/path-walk.ts';

/**
 * Enters a directory by its absolute path, making it and its parents as Docker does. Throws Errnos
 * (ENOTDIR, EROFS, …).
 */
export function enterDirectory(files: FileTree, path: string): Location {
  let made = '';
  for (const name of path.split('/')) {
    if (name === '') continue;
    made += `/${name}`;
    if (!exists(files, made)) files.makeDirectory({ start: files.root, path: made }, 0o755);
  }
  return files.resolve({ start: files.root, path: made === '' ? '/' : `${made}/` }, true);
}

function exists(files: FileTree, path: string): boolean {
  const start = files.root;
  const slash = path.lastIndexOf('/');
  const parent = files.resolve({ start, path: path.slice(0, slash) || '/' }, true);
  return parent.lookup(path.slice(slash + 1)) !== undefined;
}
