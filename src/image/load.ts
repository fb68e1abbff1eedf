import { CONTENT_HEAD_BYTES, contentKindOf, peek } from '../archive/content-kind.ts';
import { decompress } from '../archive/decompress.ts';
import type { Digest } from '../spec/digest.ts';
import { familiarName } from '../spec/reference.ts';
import { LAYOUT_FILES } from './archive-layout.ts';
import { ArchiveSpool, invalid } from './archive-spool.ts';
import type { ImageLayer, TellProgress } from './contract.ts';
import { GarbageCollector } from './garbage-collector.ts';
import type { ImageService } from './image-service.ts';
import type { TagName } from './image-table.ts';
import type { Lease } from './leases.ts';
import { readyDockerArchive } from './load-docker-archive.ts';
import { readyLayout } from './load-layout.ts';
import { StoredLayers } from './stored-layers.ts';
import type { LoadedImage } from './transfer-contract.ts';

export type LoadParts = Pick<
  ImageService,
  'content' | 'layers' | 'table' | 'leases' | 'registrar' | 'get' | 'import'
>;

/** They are unpacked and looked through beside each other; more would only want more memory. */
export const MAX_LAYERS_AT_ONCE = 3;

/** What one archive is loaded with. */
export interface LoadContext extends Pick<LoadParts, 'content' | 'registrar'> {
  readonly spool: ArchiveSpool;
  readonly ready: StoredLayers;
  readonly lease: Lease;
}

export interface RegisteredImage {
  readonly id: Digest;
  readonly names: readonly TagName[];
}

/**
 * Takes in all images of an archive, in one pass over it: what `docker save` of any version since
 * 1.10 writes, an OCI layout, each perhaps compressed; or one module, which becomes an image of the
 * same id each time. What fails leaves nothing.
 *
 * # Errors
 * - invalid-argument: no such archive; something in it is missing or malformed
 * - data-loss: something in it is not what its digest says
 * - not-implemented: nothing in it is an image
 */
export async function loadImages(
  parts: LoadParts,
  archive: AsyncIterable<Uint8Array>,
  tell: TellProgress,
): Promise<readonly LoadedImage[]> {
  const { head, whole } = await peek(decompress(archive), CONTENT_HEAD_BYTES);
  if (contentKindOf(head) === 'wasm') {
    const image = await parts.import(whole, { changes: [], createdNs: 0n });
    return [{ image, names: [] }];
  }
  const written = { contents: [] as Digest[], layers: [] as ImageLayer[] };
  try {
    using lease = parts.leases.take();
    const { content, registrar } = parts;
    const spool = new ArchiveSpool(content, lease, written.contents);
    const ready = new StoredLayers(parts, lease, written.layers);
    await spool.take(whole, tell);
    const register = await readyImages({ content, registrar, spool, ready, lease });
    return register().map(({ id, names }) => ({
      image: parts.get(id),
      names: names.map(familiarName),
    }));
  } finally {
    // What came in on the way and nothing needs now, which is all of it when the rest failed.
    const garbage = new GarbageCollector(parts);
    garbage.collect([...written.contents, ...written.layers.map(({ diffId }) => diffId)]);
    garbage.dropIndexes(written.layers);
  }
}

/**
 * Makes the content of all images ready; what it answers makes them known. An archive that is both
 * is taken for a layout: that keeps the manifests as they are.
 */
function readyImages(context: LoadContext): Promise<() => readonly RegisteredImage[]> {
  const { spool } = context;
  if (spool.file(LAYOUT_FILES.index)) return readyLayout(context);
  if (spool.file(LAYOUT_FILES.dockerManifest)) return readyDockerArchive(context);
  if (spool.file(LAYOUT_FILES.repositories)) {
    throw invalid('it is of a Docker before 1.10, whose form is obsolete: save it anew');
  }
  throw invalid(
    `it has neither ${LAYOUT_FILES.index} nor ${LAYOUT_FILES.dockerManifest} (a file system becomes an image by 'wolffia import')`,
  );
}
