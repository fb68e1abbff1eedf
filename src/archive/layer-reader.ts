import { createHash } from 'node:crypto';
import { extract, type Header } from 'tar-stream';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { decompress } from './decompress.ts';
import { type LayerEntry, NO_LAYER_XATTRS } from './layer-index.ts';
import { type FileFacts, LayerTree } from './layer-tree.ts';

/** What a layer's archive turned out to be. */
export interface ReadLayer {
  /** `sha256:…` of the uncompressed archive. */
  readonly diffId: string;
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
  const hash = createHash('sha256');
  const parser = extract();
  let sizeBytes = 0;
  let failure: unknown;
  const fail = (thrown: unknown): void => {
    failure ??= thrown;
  };
  parser.on('entry', (header, stream, next) => {
    try {
      addEntry(tree, header);
    } catch (thrown) {
      fail(thrown);
    }
    stream.on('error', fail);
    stream.on('end', () => next());
    stream.resume();
  });
  let wake = (): void => {};
  parser.on('drain', () => wake());
  parser.on('error', fail);
  const closed = new Promise<void>((resolve) => {
    parser.once('close', () => {
      resolve();
      wake();
    });
  });
  for await (const chunk of decompress(source)) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_LAYER_BYTES) {
      throw new EngineError(
        'invalid-argument',
        `invalid layer: more than ${MAX_LAYER_BYTES} bytes`,
      );
    }
    hash.update(chunk);
    await store(chunk);
    const hasRoom = parser.write(chunk);
    if (!hasRoom && !parser.destroyed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure !== undefined) throw asLayerError(failure);
  }
  if (sizeBytes === 0) throw new EngineError('invalid-argument', 'invalid layer: empty archive');
  parser.end(null);
  await closed;
  if (failure !== undefined) throw asLayerError(failure);
  return { diffId: `sha256:${hash.digest('hex')}`, sizeBytes, root: tree.finish() };
}

function asLayerError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  return new EngineError('invalid-argument', `no valid tar archive: ${messageOf(thrown)}`, {
    cause: thrown,
  });
}

const MODE_BITS = 0o7777;
/** Owners beyond 32 bits do not exist; what claims one belongs to nobody. */
const MAX_OWNER = 0xffff_fffe;
const NOBODY = 65_534;

const KINDS = {
  file: 'regular',
  'contiguous-file': 'regular',
  directory: 'directory',
  symlink: 'symlink',
  'character-device': 'character-device',
  'block-device': 'block-device',
  fifo: 'fifo',
} as const;

/** tar-stream tells where an entry's content begins, but does not type it. */
type HeaderAt = Omit<Header, 'type' | 'linkname'> & {
  readonly byteOffset?: number;
  readonly type: string | null;
  readonly linkname: string | null;
};

function addEntry(tree: LayerTree, header: HeaderAt): void {
  const { name, type, linkname, byteOffset } = header;
  if (type === 'link') {
    tree.addHardLink(name, linkname ?? '');
    return;
  }
  if (type === null || !Object.hasOwn(KINDS, type)) {
    throw new EngineError('invalid-argument', `invalid layer: ${name}: unknown type of entry`);
  }
  const kind = KINDS[type as keyof typeof KINDS];
  if (byteOffset === undefined) throw new Error('tar-stream told no offset');
  const facts: FileFacts = {
    kind,
    mode: header.mode & MODE_BITS,
    uid: ownerOf(header.uid),
    gid: ownerOf(header.gid),
    modifiedNs: modifiedNsOf(header),
    sizeBytes: kind === 'regular' ? header.size : 0,
    offset: kind === 'regular' ? byteOffset : 0,
    linkTarget: kind === 'symlink' ? (linkname ?? '') : '',
    rdev: kind.endsWith('-device') ? deviceNumber(header) : 0,
    xattrs: xattrsOf(header),
  };
  tree.add(name, facts);
}

function ownerOf(owner: number): number {
  return Number.isInteger(owner) && owner >= 0 && owner <= MAX_OWNER ? owner : NOBODY;
}

/** Linux's `makedev`; numbers beyond 12 and 20 bits, which Linux does not give out, are cut off. */
function deviceNumber({ devmajor, devminor }: HeaderAt): number {
  const major = (devmajor ?? 0) & 0xfff;
  const minor = (devminor ?? 0) & 0xfffff;
  return (minor >>> 8) * 0x100000 + major * 0x100 + (minor & 0xff);
}

const XATTR_KEY = /^SCHILY\.xattr\.((?:user|security|trusted)\..+)$/s;
const MAX_XATTR_NAME_BYTES = 255;
/** Of one file; as many as a file may have in a container. */
const MAX_XATTR_BYTES = 131_072;
/** What a decoder puts for bytes that are no UTF-8: such a value has been lost on the way to us. */
const REPLACEMENT = '\u{fffd}';

/** Values that are no UTF-8 are left out: the archive's reader hands out text only. */
function xattrsOf({ pax }: HeaderAt): ReadonlyMap<string, Uint8Array> {
  if (typeof pax !== 'object' || pax === null) return NO_LAYER_XATTRS;
  const xattrs = new Map<string, Uint8Array>();
  let sizeBytes = 0;
  for (const [key, text] of Object.entries(pax)) {
    const name = XATTR_KEY.exec(key)?.[1];
    if (name === undefined || Buffer.byteLength(name) > MAX_XATTR_NAME_BYTES) continue;
    const value = new TextEncoder().encode(String(text));
    sizeBytes += name.length + value.length;
    if (String(text).includes(REPLACEMENT) || sizeBytes > MAX_XATTR_BYTES) continue;
    xattrs.set(name, value);
  }
  return xattrs.size > 0 ? xattrs : NO_LAYER_XATTRS;
}

/** The fraction of a second stands in the extended header, where there is one. */
function modifiedNsOf({ pax, mtime }: HeaderAt): bigint {
  const exact = typeof pax === 'object' && pax !== null && 'mtime' in pax ? String(pax.mtime) : '';
  const found = /^(-?\d{1,10})(?:\.(\d{1,9}))?/.exec(exact);
  if (found) {
    const [, seconds = '0', fraction = ''] = found;
    return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  }
  const milliseconds = mtime.getTime();
  return Number.isFinite(milliseconds) ? BigInt(milliseconds) * 1_000_000n : 0n;
}
