import { EngineError } from '../base/engine-error.ts';
import { decompress } from './decompress.ts';
import { type LayerEntry, NO_LAYER_XATTRS } from './layer-index.ts';
import { LayerTree } from './layer-tree.ts';
import { type TarEntry, TarReader } from './tar-reader.ts';

/** What a layer's archive turned out to be. */
export interface ReadLayer {
  /** Of the uncompressed archive. */
  readonly sizeBytes: number;
  readonly root: LayerEntry;
}

/** An uncompressed layer of more is refused: it would be a bomb more often than an image. */
const MAX_LAYER_BYTES = 64 * 1024 ** 3;

/**
 * Reads a layer's archive (tar, perhaps compressed) once, front to back: hands every uncompressed
 * byte to `store`, and builds the index meanwhile.
 *
 * # Errors
 * - invalid-argument: no tar archive, or one with entries that no layer may have
 * - those of `source` and `store`
 */
export async function readLayer(
  source: AsyncIterable<Uint8Array>,
  store: (chunk: Uint8Array) => Promise<void>,
): Promise<ReadLayer> {
  const tree = new LayerTree();
  const reader = new TarReader((entry) => addEntry(tree, entry));
  let sizeBytes = 0;
  for await (const chunk of decompress(source)) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_LAYER_BYTES) {
      throw new EngineError(
        'invalid-argument',
        `invalid layer: more than ${MAX_LAYER_BYTES} bytes`,
      );
    }
    reader.push(chunk);
    await store(chunk);
  }
  if (sizeBytes === 0) throw new EngineError('invalid-argument', 'invalid layer: empty archive');
  reader.end();
  return { sizeBytes, root: tree.finish() };
}

const MODE_BITS = 0o7777;
/** Owners beyond 32 bits do not exist; what claims one belongs to nobody. */
const MAX_OWNER = 0xffff_fffe;
const NOBODY = 65_534;

function addEntry(tree: LayerTree, entry: TarEntry): void {
  const { path, kind, linkTarget } = entry;
  if (kind === 'hard-link') {
    tree.addHardLink(path, linkTarget);
    return;
  }
  const isDevice = kind === 'character-device' || kind === 'block-device';
  tree.add(path, {
    kind,
    mode: entry.mode & MODE_BITS,
    uid: ownerOf(entry.uid),
    gid: ownerOf(entry.gid),
    modifiedNs: entry.modifiedNs,
    sizeBytes: entry.sizeBytes,
    offset: kind === 'regular' ? entry.offset : 0,
    extents: entry.extents,
    linkTarget,
    rdev: isDevice ? deviceNumber(entry) : 0,
    xattrs: keptXattrs(entry.xattrs),
  });
}

function ownerOf(owner: number): number {
  return Number.isInteger(owner) && owner >= 0 && owner <= MAX_OWNER ? owner : NOBODY;
}

/** Linux's `makedev`; numbers beyond 12 and 20 bits, which Linux does not give out, are cut off. */
function deviceNumber({ deviceMajor, deviceMinor }: TarEntry): number {
  const major = deviceMajor & 0xfff;
  const minor = deviceMinor & 0xfffff;
  return (minor >>> 8) * 0x100000 + major * 0x100 + (minor & 0xff);
}

const XATTR_NAME = /^(?:user|security|trusted)\../;
const MAX_XATTR_NAME_BYTES = 255;
/** Of one file; as many as a file may have in a container. */
const MAX_XATTR_BYTES = 131_072;

/** Those that a file may have in a container; what is beyond its bounds is left out. */
function keptXattrs(xattrs: TarEntry['xattrs']): TarEntry['xattrs'] {
  if (xattrs.size === 0) return NO_LAYER_XATTRS;
  const kept = new Map<string, Uint8Array>();
  let sizeBytes = 0;
  for (const [name, value] of xattrs) {
    if (!XATTR_NAME.test(name) || Buffer.byteLength(name) > MAX_XATTR_NAME_BYTES) continue;
    sizeBytes += name.length + value.length;
    if (sizeBytes > MAX_XATTR_BYTES) break;
    kept.set(name, value);
  }
  return kept.size > 0 ? kept : NO_LAYER_XATTRS;
}
