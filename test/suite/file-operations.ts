import fc from 'fast-check';
import { ERRNO, Errno } from '../../src/base/errno.ts';
import type { FileTree, OpenOptions } from '../../src/vfs/file-tree.ts';
import { readAll } from './file-system.ts';

/**
 * Random operations on a tree of files, so that two implementations can be compared: what each
 * operation answers, as text, and what the whole tree looks like at the end.
 */
export type Operation =
  | { readonly do: 'write' | 'append' | 'create'; readonly path: string; readonly text: string }
  | { readonly do: 'truncate'; readonly path: string; readonly size: number }
  | { readonly do: 'read' | 'stat' | 'readLink' | 'list'; readonly path: string }
  | { readonly do: 'removeFile' | 'removeDirectory' | 'makeDirectory'; readonly path: string }
  | { readonly do: 'rename' | 'makeLink'; readonly path: string; readonly to: string }
  | { readonly do: 'makeSymlink'; readonly path: string; readonly target: string }
  | { readonly do: 'owner'; readonly path: string }
  | { readonly do: 'change'; readonly path: string; readonly mode: number; readonly uid: number }
  | { readonly do: 'reopen' };

export interface OperationTarget {
  /** Answers what was read, `ok`, or the name of an errno. */
  apply(operation: Operation): string;
}

const NAMES = ['a', 'b', 'c', 'd'] as const;
/** Relative and inside the tree, so that the host resolves them alike; some of them in circles. */
const TARGETS = ['a', 'b', './c', 'a/b', 'd/../d', 'none'] as const;

const path = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'));
const text = fc.string({ minLength: 0, maxLength: 12, unit: 'grapheme-ascii' });

const CONTENT_OPERATIONS = [
  fc.record({ do: fc.constantFrom('write', 'append', 'create'), path, text }),
  fc.record({ do: fc.constant('truncate'), path, size: fc.nat(20) }),
  fc.record({ do: fc.constantFrom('read', 'stat', 'readLink', 'list'), path }),
  fc.record({ do: fc.constantFrom('removeFile', 'removeDirectory'), path }),
  fc.record({ do: fc.constant('makeDirectory'), path }),
  fc.record({ do: fc.constantFrom('rename', 'makeLink'), path, to: path }),
  fc.record({ do: fc.constant('rename'), path, to: path }),
  fc.record({ do: fc.constant('makeSymlink'), path, target: fc.constantFrom(...TARGETS) }),
  fc.record({ do: fc.constant('reopen') }),
];

/** What any host can do as an ordinary user. */
export const operation = fc.oneof(...CONTENT_OPERATIONS) as fc.Arbitrary<Operation>;

/** And what takes somebody who keeps owners. */
export const operationWithOwners = fc.oneof(
  ...CONTENT_OPERATIONS,
  fc.record({ do: fc.constant('owner'), path }),
  fc.record({
    do: fc.constant('change'),
    path,
    mode: fc.constantFrom(0, 0o644, 0o755, 0o6711),
    uid: fc.nat(2),
  }),
) as fc.Arbitrary<Operation>;

/** What a call answers: its text, or the errno that it threw. */
export function outcomeOf(call: () => string | undefined): string {
  try {
    return call() ?? 'ok';
  } catch (thrown) {
    if (thrown instanceof Errno) return thrown.name;
    throw thrown;
  }
}

const OPEN: OpenOptions = {
  read: true,
  write: true,
  create: false,
  exclusive: false,
  directory: false,
  truncate: false,
  followLast: true,
  permissions: 0o644,
};

/** `tree` is asked anew each time, as reopening makes another one. */
export function applyToTree(tree: FileTree, operation: Operation): string {
  return outcomeOf(() => {
    if (operation.do === 'reopen') return undefined;
    const at = { start: tree.root, path: operation.path };
    switch (operation.do) {
      case 'write':
        return writeTo(tree, at.path, { ...OPEN, create: true, truncate: true }, operation.text);
      case 'append':
        return writeTo(tree, at.path, OPEN, operation.text);
      case 'create':
        return writeTo(tree, at.path, { ...OPEN, create: true, exclusive: true }, operation.text);
      case 'truncate':
        return void tree.change(at, true, { sizeBytes: operation.size });
      case 'read':
        return readFrom(tree, at.path);
      case 'stat': {
        const { kind, sizeBytes } = tree.stat(at, false);
        return kind === 'regular' ? `${kind} ${sizeBytes}` : kind;
      }
      case 'owner': {
        const { mode, uid } = tree.stat(at, true);
        return `${mode.toString(8)} ${uid}`;
      }
      case 'change':
        return void tree.change(at, true, { mode: operation.mode, uid: operation.uid });
      case 'readLink':
        return tree.readLink(at);
      case 'list':
        return listOf(tree, at.path);
      case 'removeFile':
        return void tree.removeFile(at);
      case 'removeDirectory':
        return void tree.removeDirectory(at);
      case 'makeDirectory':
        return void tree.makeDirectory(at, 0o755);
      case 'rename':
        return void tree.rename(at, { ...at, path: operation.to });
      case 'makeLink':
        return void tree.makeLink(at, false, { ...at, path: operation.to });
      case 'makeSymlink':
        return void tree.makeSymlink(operation.target, at);
    }
  });
}

function writeTo(tree: FileTree, path: string, options: OpenOptions, text: string): undefined {
  const opened = tree.open({ start: tree.root, path }, options);
  if (opened.type !== 'file') throw ERRNO.EISDIR;
  try {
    if (text !== '') opened.file.append(new TextEncoder().encode(text));
  } finally {
    opened.file.close();
  }
}

function readFrom(tree: FileTree, path: string): string {
  const opened = tree.open({ start: tree.root, path }, { ...OPEN, write: false });
  if (opened.type !== 'file') throw ERRNO.EISDIR;
  try {
    return `read ${readAll(opened.file)}`;
  } finally {
    opened.file.close();
  }
}

function listOf(tree: FileTree, path: string): string {
  const directory = tree.resolve({ start: tree.root, path }, true);
  const names = tree.list(directory).map((entry) => `${entry.name}:${entry.kind}`);
  return names.sort().join(' ');
}

/** Every file below the root with its content, one a line. */
export function snapshotOf(tree: FileTree, path = '.'): string {
  const directory = tree.resolve({ start: tree.root, path }, true);
  const lines: string[] = [];
  for (const { name, kind } of tree.list(directory)) {
    const below = `${path}/${name}`;
    if (kind === 'directory') lines.push(`${below}/`, snapshotOf(tree, below));
    else if (kind === 'symlink') {
      lines.push(`${below} -> ${tree.readLink({ start: tree.root, path: below })}`);
    } else lines.push(`${below} ${JSON.stringify(readFrom(tree, below))}`);
  }
  return lines
    .flatMap((line) => line.split('\n'))
    .filter((line) => line !== '')
    .sort()
    .join('\n');
}
