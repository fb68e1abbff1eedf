import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import { contentKindOf } from '../archive/content-kind.ts';
import { decodeLayerIndex, type LayerEntry } from '../archive/layer-index.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Image } from './contract.ts';
import type { LayerStore } from './layer-store.ts';

/** The module that is all that an image has. */
export interface SoleModule {
  /** Where it is in a container. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Fewer bytes only at its end. */
  readonly read: (offset: number, length: number) => Uint8Array;
}

/**
 * # Errors
 * failed-precondition: the image has more than one file, or one that is no module; data-loss
 */
export function soleModuleOf(layers: LayerStore, image: Image, reference: string): SoleModule {
  const files = image.layers.flatMap((layer) => {
    const { archivePath, indexPath } = layers.sourceOf(layer);
    const root = decodeLayerIndex(readFileSync(indexPath));
    return [...leavesOf(root, '')].map((leaf) => ({ ...leaf, archivePath }));
  });
  const [file] = files;
  if (!file || files.length > 1) {
    throw unfit(
      reference,
      `it has ${files.length} files or folders that count, and should have one`,
    );
  }
  const { path, entry, archivePath } = file;
  if (entry.kind !== 'regular' || entry.isWhiteout || entry.extents) {
    throw unfit(reference, `${path} is no ordinary file`);
  }
  const { sizeBytes, offset } = entry;
  const read = (at: number, length: number): Uint8Array => {
    const count = Math.min(length, Math.max(sizeBytes - at, 0));
    return readRange(archivePath, offset + at, count);
  };
  if (contentKindOf(read(0, 4)) !== 'wasm') throw unfit(reference, `${path} is no module`);
  const end = offset + sizeBytes - 1;
  return {
    path,
    sizeBytes,
    read,
    open: () => createReadStream(archivePath, { start: offset, end }),
  };
}

interface Leaf {
  readonly path: string;
  readonly entry: LayerEntry;
}

/** All files, and directories that have nothing in them. */
function* leavesOf(entry: LayerEntry, path: string): Iterable<Leaf> {
  const isEmpty = entry.children.size === 0;
  if (isEmpty && path !== '') yield { path, entry };
  for (const child of entry.children.values()) yield* leavesOf(child, `${path}/${child.name}`);
}

function readRange(path: string, position: number, length: number): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
  } finally {
    closeSync(fd);
  }
}

function unfit(reference: string, reason: string): EngineError {
  return new EngineError(
    'failed-precondition',
    `cannot convert ${reference}: only an image that is one module has both forms; ${reason}`,
  );
}
