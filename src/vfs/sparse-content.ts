import type { LayerEntry, LayerExtent } from '../archive/layer-index.ts';

/** What the archive has of a file's content, holes left out. */
export function storedBytes({ extents, sizeBytes, offset }: LayerEntry): number {
  if (!extents) return sizeBytes;
  const last = extents.at(-1);
  return last ? last.offset + last.sizeBytes - offset : 0;
}

/**
 * Fills `target` with what a sparse file has from `position` on, which must be within the file.
 * What the archive has of it stands there in one piece, so that `readArchive`, which fills what it
 * is given, is asked once.
 */
export function readSparse(
  extents: readonly LayerExtent[],
  target: Uint8Array,
  position: number,
  readArchive: (target: Uint8Array, position: number) => void,
): void {
  const end = position + target.length;
  const first = firstEndingBehind(extents, position);
  let behind = first;
  let count = 0;
  for (let extent = extents[behind]; extent && extent.position < end; extent = extents[++behind]) {
    count += overlap(extent, position, end).length;
  }
  const start = extents[first];
  if (start && count > 0) {
    const skipped = Math.max(0, position - start.position);
    readArchive(target.subarray(0, count), start.offset + skipped);
  }
  // From the last one on, as each piece moves up to where it belongs.
  let free = target.length;
  for (let index = behind - 1; index >= first; index--) {
    const extent = extents[index];
    if (!extent) break;
    const { from, length } = overlap(extent, position, end);
    target.fill(0, from + length, free);
    count -= length;
    target.copyWithin(from, count, count + length);
    free = from;
  }
  target.fill(0, 0, free);
}

/** Where the piece is in what is read from `position` to `end`. */
function overlap(
  extent: LayerExtent,
  position: number,
  end: number,
): { readonly from: number; readonly length: number } {
  const from = Math.max(extent.position, position);
  const to = Math.min(extent.position + extent.sizeBytes, end);
  return { from: from - position, length: to - from };
}

function firstEndingBehind(extents: readonly LayerExtent[], position: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const extent = extents[middle];
    if (extent && extent.position + extent.sizeBytes <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
