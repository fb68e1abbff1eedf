import { singleFileArchive } from '../archive/single-file-archive.ts';
import { rfc3339Nano } from '../base/clock.ts';
import type { Descriptor } from '../spec/manifest.ts';
import { MEDIA_TYPES } from '../spec/media-types.ts';
import { DEFAULT_PLATFORM } from '../spec/platform.ts';
import { componentNames, isComponent } from './component-names.ts';
import { digestOf } from './content-store.ts';
import type { Image, ImageLayer } from './contract.ts';
import { type ImageForm, modulePathOf, TITLE } from './image-form.ts';
import { writtenTo } from './image-importer.ts';
import { type ImageService, parseTagName } from './image-service.ts';
import type { TagName } from './image-table.ts';
import type { Lease } from './leases.ts';
import { annotationsFor, newConfig, newManifest } from './new-image.ts';
import { putImage } from './put-image.ts';
import { type SoleModule, soleModuleOf } from './sole-module.ts';
import type { ImageForm as FormName } from './transfer-contract.ts';

export type ConvertParts = Pick<
  ImageService,
  'content' | 'layers' | 'leases' | 'registrar' | 'get'
>;

/**
 * Gives an image of one module its other form, under the target's name: the artifact that the CNCF
 * has described, or the image that Docker's kind of engines run. The same image gives the same
 * digests; an image that has the form already gets the name alone. An artifact has no place for
 * environment, arguments and labels: they are left behind.
 *
 * # Errors
 * not-found; invalid-argument: a bad target; failed-precondition: an image of more than one module
 */
export async function convertImage(
  parts: ConvertParts,
  reference: string,
  target: string,
  formName: FormName,
): Promise<Image> {
  const tag = parseTagName(target);
  const image = parts.get(reference);
  using lease = parts.leases.take();
  for (const { diffId } of image.layers) lease.hold(diffId);
  const manifest = parts.registrar.readManifest(image.manifest.digest, image.manifest.mediaType);
  if (manifest.kind !== 'manifest') throw new Error('an image with an index for a manifest');
  const form = parts.registrar.formOf(manifest);
  const isBare = image.layers.some(({ modulePath }) => modulePath !== undefined);
  const hasForm = formName === 'artifact' ? form.kind === 'artifact' : !isBare;
  if (hasForm) {
    parts.registrar.tag(image.id, image.manifest.digest, tag);
    return parts.get(target);
  }
  const module = soleModuleOf(parts.layers, image, reference);
  const id =
    formName === 'artifact'
      ? await putArtifact(parts, image, module, tag, lease)
      : await putDockerForm(parts, image, form, module, tag, lease);
  return parts.get(id);
}

/** https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/ */
async function putArtifact(
  { content, layers, registrar }: ConvertParts,
  image: Image,
  module: SoleModule,
  tag: TagName,
  lease: Lease,
): Promise<Image['id']> {
  await using writer = await content.writer();
  const added = await layers.add(writtenTo(writer, module.open()), writer, { lease });
  const { digest, sizeBytes } = added;
  const configBytes = Buffer.from(JSON.stringify(artifactConfig(image, module, digest)));
  const config = blobOf(MEDIA_TYPES.wasmConfig, configBytes);
  const sent = { mediaType: MEDIA_TYPES.wasmLayer, digest, size: sizeBytes };
  const name = module.path.slice(module.path.lastIndexOf('/') + 1);
  const layer = name === DEFAULT_NAME ? sent : { ...sent, annotations: { [TITLE]: name } };
  const { descriptor, bytes } = newManifest(config, [layer], {});
  for (const blob of [configBytes, bytes]) lease.hold(content.put(blob));
  const manifest = registrar.readManifest(descriptor.digest);
  if (manifest.kind !== 'manifest') throw new Error('wrote an index instead of a manifest');
  const modulePath = modulePathOf(registrar.formOf(manifest), manifest, 0);
  layers.addModuleIndex(digest, modulePath);
  const ready: ImageLayer = { descriptor: sent, diffId: digest, sizeBytes, modulePath };
  return registrar.addImage(descriptor, manifest, [ready], { tag });
}

/** What a module is called that has no name. */
const DEFAULT_NAME = 'module.wasm';

function artifactConfig({ createdNs, author }: Image, module: SoleModule, digest: string): object {
  const common = {
    created: rfc3339Nano(createdNs),
    ...(author === '' ? {} : { author }),
    architecture: 'wasm',
  };
  if (!isComponent(module.read(0, 8))) return { ...common, os: 'wasip1', layerDigests: [digest] };
  const { imports, exports } = componentNames(module.read, module.sizeBytes);
  return { ...common, os: 'wasip2', layerDigests: [digest], component: { exports, imports } };
}

async function putDockerForm(
  parts: ConvertParts,
  image: Image,
  form: ImageForm,
  module: SoleModule,
  tag: TagName,
  lease: Lease,
): Promise<Image['id']> {
  const { content, layers } = parts;
  await using writer = await content.writer();
  const archive = singleFileArchive(module.path, module.sizeBytes, module.open());
  const added = await layers.add(writtenTo(writer, archive), writer, { lease });
  const { diffId, sizeBytes, mediaType, digest, sentBytes } = added;
  const config = newConfig({
    created: rfc3339Nano(image.createdNs),
    author: image.author,
    comment: image.comment,
    platform: DEFAULT_PLATFORM,
    config: form.kind === 'image' ? image.config : { Entrypoint: [module.path] },
    diffId,
  });
  const layer = { descriptor: { mediaType, digest, size: sentBytes }, diffId, sizeBytes };
  const annotations = annotationsFor(DEFAULT_PLATFORM);
  return putImage(parts, { config, layers: [layer], annotations }, { tag }, lease);
}

function blobOf(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
