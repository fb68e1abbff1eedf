import { type LayerEntry, NO_LAYER_XATTRS } from './layer-index.ts';

/**
 * The tree of a layer whose archive is nothing but one file's content: a program at an absolute
 * path, that everybody may run.
 */
export function singleFileTree(path: string, sizeBytes: number): LayerEntry {
  const names = path.split('/').filter((name) => name !== '');
  const fileName = names.pop() ?? '';
  const file = entry({ name: fileName, kind: 'regular', mode: 0o755, inode: 2, sizeBytes });
  // From the file up: each directory holds what came before it.
  let child = file;
  let inode = file.inode;
  for (const name of ['', ...names].reverse()) {
    inode += 1;
    child = entry({
      name,
      kind: 'directory',
      mode: 0o755,
      inode: name === '' ? 1 : inode,
      linkCount: child.kind === 'directory' ? 3 : 2,
      children: new Map([[child.name, child]]),
    });
  }
  return child;
}

function entry(
  facts: Pick<LayerEntry, 'name' | 'kind' | 'mode' | 'inode'> & Partial<LayerEntry>,
): LayerEntry {
  return {
    uid: 0,
    gid: 0,
    modifiedNs: 0n,
    sizeBytes: 0,
    offset: 0,
    extents: undefined,
    linkTarget: '',
    linkCount: 1,
    rdev: 0,
    xattrs: NO_LAYER_XATTRS,
    children: new Map(),
    isWhiteout: false,
    isOpaque: false,
    ...facts,
  };
}
