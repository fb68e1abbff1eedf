import { type ArchivedFile, archiveFiles } from '../archive/file-archive.ts';
import { type Digest, hexOf } from '../spec/digest.ts';
import { archivedImagesJson } from '../spec/docker-archive.ts';
import type { Descriptor } from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import { familiarName, familiarRepository } from '../spec/reference.ts';
import type { TagName } from './image-table.ts';

/** Where an archive says what one of its images is called. */
export const ANNOTATIONS = {
  /** In full, as containerd and Docker write it. */
  containerdName: 'io.containerd.image.name',
  /** What OCI tools choose by; mostly a tag alone. */
  refName: 'org.opencontainers.image.ref.name',
} as const;

export const LAYOUT_FILES = {
  index: 'index.json',
  dockerManifest: 'manifest.json',
  version: 'oci-layout',
  repositories: 'repositories',
} as const;

/** Something that an archive has under names. */
export interface LayoutRoot {
  /** Of a manifest or an index. */
  readonly descriptor: Descriptor;
  readonly names: readonly TagName[];
}

/** An image that Docker of any age could load: all its layers are archives. */
export interface LayoutDockerImage {
  readonly config: Digest;
  readonly names: readonly TagName[];
  /** As they were sent, the lowest first. */
  readonly layers: readonly Digest[];
}

export interface LayoutBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly content: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export function blobPathOf(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/**
 * An archive that is an OCI layout (OCI image-spec, image-layout.md) and what `docker save` writes
 * at once. The same images give the same bytes.
 */
export function layoutArchive(layout: {
  readonly roots: readonly LayoutRoot[];
  readonly dockerImages: readonly LayoutDockerImage[];
  /** Each once, in any order. */
  readonly blobs: readonly LayoutBlob[];
}): AsyncGenerator<Uint8Array> {
  return archiveFiles(filesOf(layout));
}

function* filesOf({
  roots,
  dockerImages,
  blobs,
}: Parameters<typeof layoutArchive>[0]): Iterable<ArchivedFile> {
  yield directory('blobs/');
  yield directory('blobs/sha256/');
  const ordered = blobs.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
  for (const { digest, sizeBytes, content } of ordered) {
    yield { path: blobPathOf(digest), mode: 0o644, sizeBytes, content: content() };
  }
  yield jsonFile(LAYOUT_FILES.index, indexJson(roots));
  // Without it others know that there is nothing for them.
  if (dockerImages.length > 0) {
    yield jsonFile(LAYOUT_FILES.dockerManifest, dockerManifestJson(dockerImages));
  }
  yield jsonFile(LAYOUT_FILES.version, '{"imageLayoutVersion":"1.0.0"}');
  const repositories = repositoriesOf(dockerImages);
  if (Object.keys(repositories).length > 0) {
    yield jsonFile(LAYOUT_FILES.repositories, JSON.stringify(repositories));
  }
}

function directory(path: string): ArchivedFile {
  return { path, mode: 0o755, sizeBytes: 0, content: [] };
}

function jsonFile(path: string, json: string): ArchivedFile {
  const bytes = Buffer.from(json);
  return { path, mode: 0o644, sizeBytes: bytes.length, content: [bytes] };
}

/** A name has an entry of its own, as Docker has it. */
function indexJson(roots: readonly LayoutRoot[]): string {
  const manifests = roots.flatMap(({ descriptor, names }) => {
    const { mediaType, digest, size, platform } = descriptor;
    const entry = { mediaType, digest, size, ...(platform ? { platform } : {}) };
    if (names.length === 0) return [entry];
    return names.map(({ repository, tag }) => ({
      ...entry,
      annotations: {
        [ANNOTATIONS.containerdName]: `${repository}:${tag}`,
        [ANNOTATIONS.refName]: tag,
      },
    }));
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
}

function dockerManifestJson(images: readonly LayoutDockerImage[]): string {
  return archivedImagesJson(
    images.map(({ config, names, layers }) => ({
      configPath: blobPathOf(config),
      names: names.map(familiarName),
      layerPaths: layers.map(blobPathOf),
    })),
  );
}

/** What Docker before 1.10 looked at, and some tools still want: a name's topmost layer. */
function repositoriesOf(
  images: readonly LayoutDockerImage[],
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const repositories: Record<string, Record<string, string>> = {};
  for (const { names, layers } of images) {
    const top = layers.at(-1);
    if (!top) continue;
    for (const { repository, tag } of names) {
      const name = familiarRepository(repository);
      repositories[name] = { ...repositories[name], [tag]: hexOf(top) };
    }
  }
  return repositories;
}
