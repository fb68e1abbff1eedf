import * as fs from 'node:fs';
import { type LayerEntry, NO_LAYER_XATTRS } from '../../src/archive/layer-index.ts';
import type { FileKind } from '../../src/vfs/contract.ts';
import { Layer } from '../../src/vfs/layer.ts';
import { SAMPLE } from './file-system.ts';
import type { HostFixture } from './host-fixture.ts';

/** A tree of a layer as a test writes it down: text is a file, an object a directory. */
export type Tree = { readonly [name: string]: TreeNode };
export type TreeNode =
  | string
  | Tree
  | { readonly link: string }
  | { readonly mark: 'whiteout' }
  | { readonly kind: FileKind }
  | { readonly facts: Partial<LayerEntry>; readonly of: TreeNode }
  | { readonly opaque: Tree };

/** Writes the archive (the contents one after another) and opens the layer that it is. */
export function openTestLayer(fixture: HostFixture, tree: Tree): Layer {
  const archive: Uint8Array[] = [];
  let offset = 512;
  archive.push(new Uint8Array(offset));
  let inode = 0;

  const entryOf = (name: string, node: TreeNode): LayerEntry => {
    inode++;
    const entry = {
      name,
      kind: 'regular' as LayerEntry['kind'],
      mode: 0o644,
      uid: 0,
      gid: 0,
      modifiedNs: SAMPLE.hello.modifiedNs,
      sizeBytes: 0,
      offset: 0,
      extents: undefined,
      linkTarget: '',
      rdev: 0,
      xattrs: NO_LAYER_XATTRS,
      inode,
      linkCount: 1,
      children: new Map<string, LayerEntry>(),
      isWhiteout: false,
      isOpaque: false,
    };
    if (typeof node === 'string') {
      const content = new TextEncoder().encode(node);
      entry.sizeBytes = content.length;
      entry.offset = offset;
      archive.push(content);
      offset += content.length;
      return entry;
    }
    if (isOwned(node)) {
      inode--;
      return { ...entryOf(name, node.of), ...node.facts };
    }
    if (isLink(node)) return { ...entry, kind: 'symlink', linkTarget: node.link };
    if (isMark(node)) return { ...entry, isWhiteout: true };
    if (isKind(node)) return { ...entry, kind: node.kind as LayerEntry['kind'] };
    const isOpaque = isOpaqueTree(node);
    const children = isOpaque ? node.opaque : (node as Tree);
    for (const [childName, child] of Object.entries(children)) {
      entry.children.set(childName, entryOf(childName, child));
    }
    return { ...entry, kind: 'directory', mode: 0o755, linkCount: 2, isOpaque };
  };

  const root = entryOf('', tree);
  const archivePath = fixture.path(`layer-${fs.readdirSync(fixture.directory).length}.tar`);
  fs.writeFileSync(archivePath, Buffer.concat(archive));
  return Layer.fromIndex(root, archivePath, fixture.host);
}

export const SAMPLE_TREE: Tree = {
  [SAMPLE.hello.name]: SAMPLE.hello.content,
  [SAMPLE.directory.name]: { [SAMPLE.directory.inner]: SAMPLE.directory.innerContent },
  [SAMPLE.link.name]: { link: SAMPLE.link.target },
};

function isLink(node: object): node is { readonly link: string } {
  return 'link' in node && typeof node.link === 'string';
}

function isOwned(
  node: object,
): node is { readonly facts: Partial<LayerEntry>; readonly of: TreeNode } {
  return 'facts' in node && 'of' in node;
}

function isMark(node: object): node is { readonly mark: 'whiteout' } {
  return 'mark' in node && node.mark === 'whiteout';
}

function isKind(node: object): node is { readonly kind: FileKind } {
  return 'kind' in node && typeof node.kind === 'string';
}

function isOpaqueTree(node: object): node is { readonly opaque: Tree } {
  return 'opaque' in node && typeof node.opaque === 'object';
}
