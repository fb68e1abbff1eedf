import { ERRNO } from '../../src/base/errno.ts';
import { type Operation, type OperationTarget, outcomeOf } from '../suite/file-operations.ts';
import type { Tree, TreeNode } from '../suite/layer-fixture.ts';

/**
 * A tree of files in plain objects, as simple as can be: what an overlay is compared with. It knows
 * which directories came with the image, as overlays do not rename those.
 */
type Node = { mode: number; uid: number } & (
  | { readonly kind: 'directory'; readonly children: Map<string, Node>; readonly isImage: boolean }
  | { readonly kind: 'regular'; text: string }
  | { readonly kind: 'symlink'; readonly target: string }
);

const FILE = { mode: 0o644, uid: 0 } as const;
const DIRECTORY = { mode: 0o755, uid: 0 } as const;
const SYMLINK = { mode: 0o777, uid: 0 } as const;

type DirectoryNode = Extract<Node, { kind: 'directory' }>;

interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: Node | undefined;
  /** From the root to `directory`. */
  readonly way: readonly DirectoryNode[];
}

const MAX_LINKS = 40;

export class FileModel implements OperationTarget {
  readonly #root: DirectoryNode;

  /** `isLayered`: directories of the image stay where they are. */
  constructor(image: Tree, { isLayered = true } = {}) {
    this.#root = directoryOf(image, isLayered);
  }

  apply(operation: Operation): string {
    return outcomeOf(() => this.#apply(operation));
  }

  snapshot(): string {
    return linesOf(this.#root, '.').sort().join('\n');
  }

  #apply(operation: Operation): string | undefined {
    switch (operation.do) {
      case 'reopen':
        return undefined;
      case 'write':
        this.#open(operation.path, { isCreated: true }).text = operation.text;
        return undefined;
      case 'append':
        this.#open(operation.path, { isCreated: false }).text += operation.text;
        return undefined;
      case 'create':
        this.#put(operation.path, { kind: 'regular', text: operation.text, ...FILE });
        return undefined;
      case 'truncate': {
        const file = this.#open(operation.path, { isCreated: false });
        file.text = file.text.padEnd(operation.size, '\0').slice(0, operation.size);
        return undefined;
      }
      case 'read':
        return `read ${this.#open(operation.path, { isCreated: false }).text}`;
      case 'stat': {
        const node = this.#find(operation.path, false);
        return node.kind === 'regular' ? `regular ${node.text.length}` : node.kind;
      }
      case 'owner': {
        const { mode, uid } = this.#find(operation.path, true);
        return `${mode.toString(8)} ${uid}`;
      }
      case 'change': {
        const { mode, uid } = operation;
        Object.assign(this.#find(operation.path, true), { mode, uid });
        return undefined;
      }
      case 'readLink': {
        const node = this.#find(operation.path, false);
        if (node.kind !== 'symlink') throw ERRNO.EINVAL;
        return node.target;
      }
      case 'list':
        return this.#list(operation.path);
      case 'removeFile':
        return this.#remove(operation.path, false);
      case 'removeDirectory':
        return this.#remove(operation.path, true);
      case 'makeDirectory':
        this.#put(operation.path, {
          kind: 'directory',
          children: new Map(),
          isImage: false,
          ...DIRECTORY,
        });
        return undefined;
      case 'makeSymlink':
        this.#put(operation.path, { kind: 'symlink', target: operation.target, ...SYMLINK });
        return undefined;
      case 'makeLink': {
        const node = this.#find(operation.path, false);
        const to = this.#place(operation.to, false);
        if (to.node) throw ERRNO.EEXIST;
        if (node.kind === 'directory') throw ERRNO.EPERM;
        to.directory.children.set(to.name, node);
        return undefined;
      }
      case 'rename':
        return this.#rename(operation.path, operation.to);
    }
  }

  #rename(from: string, to: string): undefined {
    const source = this.#place(from, false);
    const target = this.#place(to, false);
    if (!source.node) throw ERRNO.ENOENT;
    if (source.node === target.node) return;
    const isDirectory = source.node.kind === 'directory';
    const isWithin = (place: Place, node: Node | undefined): boolean =>
      [...place.way, place.directory].some((directory) => directory === node);
    if (isWithin(target, source.node)) throw ERRNO.EINVAL;
    if (isWithin(source, target.node)) throw ERRNO.ENOTEMPTY;
    if (target.node && isDirectory !== (target.node.kind === 'directory')) {
      throw isDirectory ? ERRNO.ENOTDIR : ERRNO.EISDIR;
    }
    if (source.node.kind === 'directory') {
      if (source.node.isImage) throw ERRNO.EXDEV;
    }
    if (target.node?.kind === 'directory' && target.node.children.size > 0) throw ERRNO.ENOTEMPTY;
    source.directory.children.delete(source.name);
    target.directory.children.set(target.name, source.node);
  }

  #remove(path: string, isDirectory: boolean): undefined {
    const { directory, name, node } = this.#place(path, false);
    if (!node) throw ERRNO.ENOENT;
    if (isDirectory && node.kind !== 'directory') throw ERRNO.ENOTDIR;
    if (!isDirectory && node.kind === 'directory') throw ERRNO.EISDIR;
    if (node.kind === 'directory' && node.children.size > 0) throw ERRNO.ENOTEMPTY;
    directory.children.delete(name);
  }

  #put(path: string, node: Node): void {
    const place = this.#place(path, false);
    if (place.node) throw ERRNO.EEXIST;
    place.directory.children.set(place.name, node);
  }

  #open(path: string, options: { isCreated: boolean }): Extract<Node, { kind: 'regular' }> {
    const { directory, name, node } = this.#place(path, true);
    if (node?.kind === 'directory') throw ERRNO.EISDIR;
    if (node?.kind === 'regular') return node;
    if (!options.isCreated) throw ERRNO.ENOENT;
    const created: Node = { kind: 'regular', text: '', ...FILE };
    directory.children.set(name, created);
    return created;
  }

  #find(path: string, followLast: boolean): Node {
    const { node } = this.#place(path, followLast);
    if (!node) throw ERRNO.ENOENT;
    return node;
  }

  #list(path: string): string {
    const node = this.#find(path, true);
    if (node.kind !== 'directory') throw ERRNO.ENOTDIR;
    const names = [...node.children].map(([name, child]) => `${name}:${child.kind}`);
    return names.sort().join(' ');
  }

  #place(path: string, followLast: boolean): Place {
    const pending = path.split('/');
    const way: DirectoryNode[] = [];
    let directory = this.#root;
    for (let links = 0; ; ) {
      const name = pending.shift();
      if (name === undefined) throw new Error('the paths of this model end with a name');
      if (name === '.') continue;
      if (name === '..') {
        directory = way.pop() ?? directory;
        continue;
      }
      const node = directory.children.get(name);
      const isLast = pending.length === 0;
      if (node?.kind === 'symlink' && (!isLast || followLast)) {
        if (++links > MAX_LINKS) throw ERRNO.ELOOP;
        pending.unshift(...node.target.split('/'));
        continue;
      }
      if (isLast) return { directory, name, node, way };
      if (!node) throw ERRNO.ENOENT;
      if (node.kind !== 'directory') throw ERRNO.ENOTDIR;
      way.push(directory);
      directory = node;
    }
  }
}

function directoryOf(tree: Tree, isImage: boolean): DirectoryNode {
  const children = new Map<string, Node>();
  for (const [name, node] of Object.entries(tree)) children.set(name, nodeOf(node, isImage));
  return { kind: 'directory', children, isImage, ...DIRECTORY };
}

function nodeOf(node: TreeNode, isImage: boolean): Node {
  if (typeof node === 'string') return { kind: 'regular', text: node, ...FILE };
  if ('link' in node && typeof node.link === 'string') {
    return { kind: 'symlink', target: node.link, ...SYMLINK };
  }
  return directoryOf(node as Tree, isImage);
}

function linesOf(directory: DirectoryNode, path: string): string[] {
  const lines: string[] = [];
  for (const [name, node] of directory.children) {
    const below = `${path}/${name}`;
    if (node.kind === 'directory') lines.push(`${below}/`, ...linesOf(node, below));
    else if (node.kind === 'symlink') lines.push(`${below} -> ${node.target}`);
    else lines.push(`${below} ${JSON.stringify(`read ${node.text}`)}`);
  }
  return lines;
}
