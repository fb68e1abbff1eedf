import type { LayerEntry } from '../archive/layer-index.ts';
import type { Layer } from './layer.ts';

/**
 * The read-only part of an overlay: several layers seen as one tree, with the whiteouts and opaque
 * directories of each layer hiding what lies in those below it (OCI image-spec, layer.md).
 */
export interface LowerFile {
  readonly layer: Layer;
  /** Which layer, counted from the top. */
  readonly layerIndex: number;
  readonly entry: LayerEntry;
}

/**
 * The directories that are one in the merged tree, the topmost first; empty where the layers have
 * none.
 */
export type LowerDirectory = readonly LowerFile[];

/** `layers` from the topmost on. */
export function lowerRoot(layers: readonly Layer[]): LowerDirectory {
  const merged: LowerFile[] = [];
  for (const [layerIndex, layer] of layers.entries()) {
    merged.push({ layer, layerIndex, entry: layer.rootEntry });
    if (layer.rootEntry.isOpaque) break;
  }
  return merged;
}

/**
 * What stands under `name`: the directories to merge, or the one other file; empty when there is
 * none, or when it is hidden.
 */
export function lookupLower(directory: LowerDirectory, name: string): LowerDirectory {
  const merged: LowerFile[] = [];
  for (const { layer, layerIndex, entry } of directory) {
    const child = entry.children.get(name);
    if (!child) continue;
    if (child.isWhiteout) break;
    if (child.kind !== 'directory') {
      // Below a directory a file is hidden; at the top it is what stands here.
      if (merged.length === 0) merged.push({ layer, layerIndex, entry: child });
      break;
    }
    merged.push({ layer, layerIndex, entry: child });
    if (child.isOpaque) break;
  }
  return merged;
}

/** All visible names with the topmost file of each. */
export function listLower(directory: LowerDirectory): ReadonlyMap<string, LowerFile> {
  const visible = new Map<string, LowerFile>();
  const hidden = new Set<string>();
  for (const { layer, layerIndex, entry } of directory) {
    for (const [name, child] of entry.children) {
      if (visible.has(name) || hidden.has(name)) continue;
      if (child.isWhiteout) hidden.add(name);
      else visible.set(name, { layer, layerIndex, entry: child });
    }
  }
  return visible;
}
