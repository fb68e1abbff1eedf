import { createHash } from 'node:crypto';
import { messageOf } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import { familiarName } from '../spec/reference.ts';
import type { ContentStore } from './content-store.ts';
import type { StoreFinding } from './contract.ts';
import type { GarbageCollector } from './garbage-collector.ts';
import type { ImageRegistrar } from './image-registrar.ts';
import type { ImageTable } from './image-table.ts';
import type { LayerStore } from './layer-store.ts';

export interface StoreCheckParts {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly table: ImageTable;
  readonly registrar: ImageRegistrar;
  readonly garbage: GarbageCollector;
}

/** Reads all content, and follows every reference. */
export async function* checkStore(
  parts: StoreCheckParts,
  looksAt: (digest: Digest, sizeBytes: number) => void,
): AsyncGenerator<StoreFinding> {
  yield* missingContents(parts);
  yield* unusableImages(parts);
  const { contents } = parts.garbage.needed();
  for (const { digest, sizeBytes } of [...parts.content.list()]) {
    looksAt(digest, sizeBytes);
    const actual = await hashOf(parts.content, digest);
    // Removed meanwhile.
    if (actual === undefined) continue;
    if (actual !== digest) {
      yield { severity: 'loss', subject: digest, message: `damaged on disk: it has ${actual}` };
    } else if (!contents.has(digest)) {
      yield { severity: 'note', subject: digest, message: 'no image needs it' };
    }
  }
  for (const { digest, sizeBytes } of [...parts.content.listPartial()]) {
    const message = `${sizeBytes} bytes of a download that was cut: the next pull goes on with them`;
    yield { severity: 'note', subject: digest, message };
  }
}

function* missingContents({ content, table, garbage }: StoreCheckParts): Iterable<StoreFinding> {
  const { manifests } = garbage.needed();
  for (const manifest of table.manifests()) {
    const { digest } = manifest.descriptor;
    if (!manifests.has(digest)) continue;
    if (!content.has(digest)) {
      yield { severity: 'loss', subject: digest, message: 'a manifest that is missing' };
    }
    for (const part of manifest.contents) {
      if (content.has(part)) continue;
      const message = `missing, though manifest ${digest} needs it`;
      yield { severity: 'loss', subject: part, message };
    }
  }
}

function* unusableImages({ table, layers, registrar }: StoreCheckParts): Iterable<StoreFinding> {
  for (const { id, manifestDigest, layers: all } of table.images()) {
    const [tag] = table.tagsOf(id);
    const subject = tag ? familiarName(tag) : id;
    for (const layer of all) {
      if (layers.isReady(layer)) continue;
      yield { severity: 'loss', subject, message: `layer ${layer.diffId} is not ready for use` };
    }
    try {
      const manifest = registrar.readManifest(manifestDigest);
      if (manifest.kind === 'manifest') registrar.formOf(manifest);
    } catch (thrown) {
      yield { severity: 'loss', subject, message: messageOf(thrown) };
    }
  }
}

async function hashOf(content: ContentStore, digest: Digest): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of content.open(digest)) hash.update(chunk);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    return messageOf(thrown);
  }
  return `sha256:${hash.digest('hex')}`;
}
