import { CONTENT_HEAD_BYTES, contentKindOf } from '../archive/content-kind.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Digest } from '../spec/digest.ts';
import {
  contentsOf,
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  isAttestation,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import { wasmPreference } from '../spec/platform.ts';
import { ANNOTATIONS, blobPathOf, LAYOUT_FILES } from './archive-layout.ts';
import { invalid } from './archive-spool.ts';
import { inOrder } from './bounded-parallel.ts';
import type { ImageLayer } from './contract.ts';
import { checkLayerTypes, type ImageForm } from './image-form.ts';
import type { ImageRegistrar } from './image-registrar.ts';
import type { TagName } from './image-table.ts';
import { type LoadContext, MAX_LAYERS_AT_ONCE, type RegisteredImage } from './load.ts';
import { archivedImages, archivedName } from './load-docker-archive.ts';
import { isCompatible } from './pull.ts';

/** An index may hold an index, but nobody nests them deeper than this. */
const MAX_INDEX_DEPTH = 3;
/** Of one archive, in all its indexes. */
const MAX_MANIFESTS = 16_384;

/** A manifest or index that the archive has, and all in it that the archive has, too. */
type Part =
  | {
      readonly kind: 'image';
      readonly descriptor: Descriptor;
      readonly manifest: ImageManifest;
      readonly form: ImageForm;
      readonly names: TagName[];
    }
  | {
      readonly kind: 'other';
      readonly descriptor: Descriptor;
      readonly manifest: ImageManifest;
      /** Why it is no image. */
      readonly reason: unknown;
    }
  | {
      readonly kind: 'index';
      readonly descriptor: Descriptor;
      readonly manifest: ImageIndex;
      readonly parts: readonly Part[];
      /** Whether all of it is there. */
      readonly isWhole: boolean;
      readonly names: TagName[];
    };

type ImagePart = Extract<Part, { kind: 'image' }>;
type IndexPart = Extract<Part, { kind: 'index' }>;

interface ReadyImage {
  readonly part: ImagePart;
  readonly layers: readonly ImageLayer[];
}

/**
 * Images of an OCI layout (OCI image-spec, image-layout.md), of all platforms. An index that is
 * there with everything in it is kept as one; else its names go to the image in it that fits here
 * best.
 */
export async function readyLayout(context: LoadContext): Promise<() => readonly RegisteredImage[]> {
  const reader = new LayoutReader(context);
  const roots = reader.read();
  const images = [...reader.parts].filter((part) => part.kind === 'image');
  if (images.length === 0) {
    const other = [...reader.parts].find((part) => part.kind === 'other');
    throw other?.reason ?? invalid(`${LAYOUT_FILES.index} names no image that is there`);
  }
  nameIndexes(roots);
  nameAsDocker(context, images);
  const ready: ReadyImage[] = [];
  for (const part of images) {
    const { form, manifest } = part;
    const layers = await inOrder(manifest.layers, MAX_LAYERS_AT_ONCE, undefined, (_, index) =>
      context.ready.ready(form, manifest, index),
    );
    ready.push({ part, layers });
  }
  return () => register(context, ready, roots);
}

/** Follows an archive's index to all that it has, each once. */
class LayoutReader {
  readonly #context: LoadContext;
  readonly #parts = new Map<Digest, Part>();

  constructor(context: LoadContext) {
    this.#context = context;
  }

  get parts(): Iterable<Part> {
    return this.#parts.values();
  }

  /** What the archive's own index names. */
  read(): readonly Part[] {
    const bytes = this.#context.spool.read(LAYOUT_FILES.index, MAX_MANIFEST_BYTES);
    const index = this.#parsed(LAYOUT_FILES.index, bytes, MEDIA_TYPES.ociIndex);
    if (index.kind !== 'index') throw invalid(`${LAYOUT_FILES.index} is no index`);
    const roots = new Set<Part>();
    for (const descriptor of index.manifests) {
      const part = this.#part(descriptor, 0);
      if (!part) {
        throw invalid(
          `it has no ${blobPathOf(descriptor.digest)}, which ${LAYOUT_FILES.index} names`,
        );
      }
      if (part.kind !== 'other') part.names.push(...namesOf(descriptor));
      roots.add(part);
    }
    return [...roots];
  }

  /** Undefined when the archive does not have it: an index may name images that were not saved. */
  #part(descriptor: Descriptor, depth: number): Part | undefined {
    const { digest, mediaType, size } = descriptor;
    const known = this.#parts.get(digest);
    if (known) return known;
    const { spool } = this.#context;
    const path = blobPathOf(digest);
    const file = spool.file(path);
    if (!file) return undefined;
    if (file.sizeBytes !== size) throw wrongSize(path, file.sizeBytes, size);
    if (this.#parts.size >= MAX_MANIFESTS) throw invalid(`more than ${MAX_MANIFESTS} manifests`);
    const manifest = this.#parsed(path, spool.read(path, MAX_MANIFEST_BYTES), mediaType);
    spool.store(file);
    const whole = { ...descriptor, mediaType: manifest.mediaType };
    const part =
      manifest.kind === 'index'
        ? this.#indexPart(whole, manifest, depth)
        : this.#manifestPart(whole, manifest);
    this.#parts.set(digest, part);
    return part;
  }

  #indexPart(descriptor: Descriptor, manifest: ImageIndex, depth: number): IndexPart {
    if (depth >= MAX_INDEX_DEPTH) {
      throw invalid(`${blobPathOf(descriptor.digest)}: indexes within indexes`);
    }
    const parts = manifest.manifests.map((child) => this.#part(child, depth + 1));
    const here = parts.filter((part) => part !== undefined);
    const isWhole = parts.every((part) => part && (part.kind !== 'index' || part.isWhole));
    return { kind: 'index', descriptor, manifest, parts: here, isWhole, names: [] };
  }

  #manifestPart(descriptor: Descriptor, manifest: ImageManifest): Part {
    const { spool, registrar } = this.#context;
    for (const { digest, size } of contentsOf(manifest)) {
      const path = blobPathOf(digest);
      const file = spool.file(path);
      if (!file) throw invalid(`it has no ${path}, which ${blobPathOf(descriptor.digest)} names`);
      if (file.sizeBytes !== size) throw wrongSize(path, file.sizeBytes, size);
      spool.store(file);
    }
    try {
      if (isAttestation(descriptor)) throw noImage(manifest);
      const form = registrar.formOf(manifest);
      checkLayerTypes(manifest);
      if (form.kind === 'artifact' && !this.#hasModule(manifest)) throw noImage(manifest);
      return { kind: 'image', descriptor, manifest, form, names: [] };
    } catch (thrown) {
      if (!(thrown instanceof EngineError) || thrown.kind !== 'not-implemented') throw thrown;
      return { kind: 'other', descriptor, manifest, reason: thrown };
    }
  }

  #hasModule({ layers }: ImageManifest): boolean {
    const { spool } = this.#context;
    return layers.some(({ digest }) => {
      const file = spool.file(blobPathOf(digest));
      return file && contentKindOf(spool.head(file, CONTENT_HEAD_BYTES)) === 'wasm';
    });
  }

  #parsed(path: string, bytes: Uint8Array, mediaType: string) {
    try {
      return parseManifest(bytes, mediaType);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      throw invalid(`${path}: ${thrown.message}`);
    }
  }
}

/** What an index cannot be called, its best image is. */
function nameIndexes(roots: readonly Part[]): void {
  for (const root of roots) {
    if (root.kind !== 'index' || root.isWhole) continue;
    bestImage(root)?.names.push(...root.names.splice(0));
  }
}

function bestImage(index: IndexPart): ImagePart | undefined {
  const images = imagesIn(index);
  return images.toSorted((one, other) => rankOf(one) - rankOf(other))[0];
}

function rankOf({ form, manifest, descriptor }: ImagePart): number {
  const annotations = { ...manifest.annotations, ...descriptor.annotations };
  const { os, architecture } = form.config;
  const preference = wasmPreference({ os: os ?? '', architecture: architecture ?? 'wasm' });
  if (preference !== undefined) return preference;
  return isCompatible({ annotations }) ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER;
}

function imagesIn(part: Part): readonly ImagePart[] {
  if (part.kind === 'index') return part.parts.flatMap(imagesIn);
  return part.kind === 'image' ? [part] : [];
}

/** Names that stand only where Docker looks for them. */
function nameAsDocker(context: LoadContext, images: readonly ImagePart[]): void {
  for (const { configPath, names } of archivedImages(context)) {
    const config = context.spool.file(configPath)?.digest;
    images
      .find(({ manifest }) => manifest.config.digest === config)
      ?.names.push(...names.map(archivedName));
  }
}

/** What the archive's own index calls something. */
function namesOf({ annotations }: Descriptor): readonly TagName[] {
  const name = annotations?.[ANNOTATIONS.containerdName];
  if (name !== undefined) return [archivedName(name)];
  // Mostly a tag alone, which may look like a name; and a name may be anything.
  const refName = annotations?.[ANNOTATIONS.refName] ?? '';
  if (!/[:/]/.test(refName)) return [];
  try {
    return [archivedName(refName)];
  } catch {
    return [];
  }
}

/** Everything that is named becomes known: images first, then the indexes that they are in. */
function register(
  { registrar }: LoadContext,
  images: readonly ReadyImage[],
  roots: readonly Part[],
): readonly RegisteredImage[] {
  const known = new Map<ImagePart, RegisteredImage & { readonly names: TagName[] }>();
  for (const { part, layers } of images) {
    const { manifest } = part;
    const [tag, ...others] = distinct(part.names);
    const descriptor = bare(part.descriptor);
    const id = registrar.addImage(descriptor, manifest, layers, { tag });
    for (const name of others) registrar.tag(id, descriptor.digest, name);
    known.set(part, { id, names: [...distinct(part.names)] });
  }
  for (const root of roots) {
    if (root.kind !== 'index') continue;
    for (const tag of distinct(root.names)) registerIndex(registrar, root, tag);
    const best = bestImage(root);
    if (best) known.get(best)?.names.push(...distinct(root.names));
  }
  return [...known.values()];
}

function registerIndex(
  registrar: ImageRegistrar,
  { descriptor, manifest, parts }: IndexPart,
  tag?: TagName,
): void {
  for (const part of parts) {
    if (part.kind === 'index') registerIndex(registrar, part);
    if (part.kind === 'other') registrar.addManifest(bare(part.descriptor), part.manifest, {});
  }
  registrar.addManifest(bare(descriptor), manifest, { tag });
}

function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function distinct(names: readonly TagName[]): readonly TagName[] {
  return [...new Map(names.map((name) => [`${name.repository}:${name.tag}`, name])).values()];
}

function noImage({ config }: ImageManifest): EngineError {
  return new EngineError('not-implemented', `unsupported media type ${config.mediaType}: no image`);
}

function wrongSize(path: string, actual: number, expected: number): EngineError {
  return new EngineError(
    'data-loss',
    `${path} of the archive has ${actual} bytes, and should have ${expected}`,
  );
}
