import { gzipSync } from 'node:zlib';
import { MEDIA_TYPES } from '../../src/spec/media-types.ts';
import { Layout, sha256, tarOf } from '../fake/image-formats.ts';
import { SeededRandom } from '../fake/seeded-random.ts';

export interface LayeredImageOptions {
  readonly layerCount: number;
  /** Of each layer as it is sent, about. */
  readonly layerSizeBytes: number;
  readonly seed: number;
  /** What an archive calls it. */
  readonly name: string;
}

const POOL_BYTES = 4 * 1024 * 1024;
/** What gzip makes of the text. */
const COMPRESSION = 0.55;
const MAX_FILE_BYTES = 120_000;
/** The fastest: how well it compresses is not the point. */
const GZIP_LEVEL = 1;

/** A module whose `_start` returns at once. */
const PROGRAM = Buffer.from(
  '0061736d01000000' +
    '010401600000' +
    '03020100' +
    '0503010001' +
    '071302065f73746172740000066d656d6f72790200' +
    '0a040102000b',
  'hex',
);

/**
 * An image of many small files and a program in layers of gzip, such as other tools make: the same
 * options make the same bytes.
 */
export async function layeredImage(options: LayeredImageOptions): Promise<Layout> {
  const random = new SeededRandom(options.seed);
  const pool = textPool(random);
  const layout = new Layout();
  const layers: ReturnType<Layout['blob']>[] = [];
  const diffIds: string[] = [];
  for (let index = 0; index < options.layerCount; index++) {
    const tar = await tarOf(layerFiles(index, options.layerSizeBytes / COMPRESSION, pool, random));
    diffIds.push(sha256(tar));
    layers.push(layout.blob(MEDIA_TYPES.ociLayerGzip, gzipSync(tar, { level: GZIP_LEVEL })));
  }
  const config = layout.blob(MEDIA_TYPES.ociConfig, {
    created: '2026-01-01T00:00:00Z',
    architecture: 'wasm',
    os: 'wasi',
    config: { Entrypoint: ['/layer-0/program'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  layout.add(layout.manifest(config, layers), options.name);
  return layout;
}

function layerFiles(
  layer: number,
  sizeBytes: number,
  pool: Buffer,
  random: SeededRandom,
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([[`layer-${layer}/program`, PROGRAM]]);
  for (let written = 0; written < sizeBytes; ) {
    const fileBytes = random.between(100, MAX_FILE_BYTES);
    files.set(`layer-${layer}/file-${files.size}`, slices(fileBytes, pool, random));
    written += fileBytes;
  }
  return files;
}

/** Text out of pieces that are too far apart for gzip to find them again. */
function slices(sizeBytes: number, pool: Buffer, random: SeededRandom): Buffer {
  const parts: Buffer[] = [];
  for (let written = 0; written < sizeBytes; ) {
    const length = Math.min(random.between(200, 4_000), sizeBytes - written);
    const start = random.below(pool.length - length);
    parts.push(pool.subarray(start, start + length));
    written += length;
  }
  return Buffer.concat(parts);
}

function textPool(random: SeededRandom): Buffer {
  const pool = Buffer.alloc(POOL_BYTES);
  for (let index = 0; index < POOL_BYTES; index++) {
    pool[index] = random.chance(15) ? 32 : 97 + Math.min(random.below(26), random.below(26));
  }
  return pool;
}
