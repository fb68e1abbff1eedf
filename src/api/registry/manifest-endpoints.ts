import { EngineError } from '../../base/engine-error.ts';
import { digestOf } from '../../image/content-store.ts';
import { GarbageCollector } from '../../image/garbage-collector.ts';
import type { StoredManifest } from '../../image/image-table.ts';
import type { Digest } from '../../spec/digest.ts';
import {
  contentsOf,
  MAX_MANIFEST_BYTES,
  type Manifest,
  parseManifest,
} from '../../spec/manifest.ts';
import { isTag } from '../../spec/reference.ts';
import { digestInvalid } from './blob-uploads.ts';
import { checkContents, takeIn } from './manifest-intake.ts';
import { digestIn, type RegistryCall } from './registry-call.ts';
import { RegistryError } from './registry-error.ts';
import type { RegistryStore } from './registry-store.ts';
import { whileWorking } from './while-working.ts';

/**
 * `GET` and `HEAD /v2/<name>/manifests/<reference>` (OCI distribution-spec, "Pulling manifests"). A
 * tag is one of the repository's; a digest names any manifest of the store, as with blobs.
 */
export function getManifest(call: RegistryCall, { images, leases }: RegistryStore): void {
  const { descriptor } = manifestOf(call, images);
  const { digest, mediaType } = descriptor;
  leases.hold(digest);
  const bytes = images.content.read(digest, MAX_MANIFEST_BYTES);
  call.bytes(200, mediaType, bytes, { 'Docker-Content-Digest': digest });
}

/**
 * `PUT`: an image is ready to run when this is answered ("Pushing manifests").
 *
 * # Errors
 * MANIFEST_INVALID, DIGEST_INVALID; those of `checkContents`
 */
export async function putManifest(call: RegistryCall, store: RegistryStore): Promise<void> {
  const { name, repository, reference } = call;
  const tag = reference.includes(':') ? undefined : reference;
  if (tag === undefined) digestIn(reference);
  else if (!isTag(tag)) throw invalid('invalid tag');
  const bytes = await call.body(MAX_MANIFEST_BYTES, tooLarge);
  const digest = digestOf(bytes);
  if (tag === undefined && digest !== reference) throw digestInvalid(reference);
  const manifest = parsed(bytes, call.request.headers['content-type']);
  using lease = store.leases.take();
  for (const content of [...contentsOf(manifest), { digest }]) lease.hold(content.digest);
  checkContents(manifest, store);
  store.images.content.put(bytes);
  const descriptor = { mediaType: manifest.mediaType, digest, size: bytes.length };
  const names = {
    tag: tag === undefined ? undefined : { repository, tag },
    repoDigest: { repository, digest },
  };
  const reason = await whileWorking(call, store.clock, () =>
    store.inLine(() => takeIn(descriptor, manifest, names, store, lease)),
  );
  store.leases.hold(digest);
  call.answer(201, {
    Location: `/v2/${name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(manifest.subject ? { 'OCI-Subject': manifest.subject.digest } : {}),
    ...(reason === undefined ? {} : { Warning: warning(reason) }),
  });
}

/**
 * `DELETE` ("Deleting tags", "Deleting manifests"). A tag is taken away, and what it named stays
 * under its digest. With a digest go all the names that the repository has for it, and the content
 * with the last name of all, unless a container is made of it.
 *
 * # Errors: MANIFEST_UNKNOWN
 */
export function deleteManifest(call: RegistryCall, store: RegistryStore): void {
  const { repository, reference } = call;
  const { images } = store;
  const { descriptor, contents } = manifestOf(call, images);
  const { digest } = descriptor;
  if (reference !== digest) {
    images.table.untag({ repository, tag: reference });
    call.answer(202);
    return;
  }
  takeNames(repository, digest, images);
  store.leases.release(digest);
  const image = images.table.images().find(({ manifestDigest }) => manifestDigest === digest);
  if (image && !isNamed(image.id, images) && !store.isUsed(image.id)) {
    images.remove(image.id, { force: true });
  }
  new GarbageCollector(images).collect([digest, ...contents]);
  call.answer(202);
}

/** Errors: MANIFEST_UNKNOWN, when other repositories alone have it. */
function takeNames(repository: string, digest: Digest, { table }: Images): void {
  const tags = table.tags().filter(({ manifestDigest }) => manifestDigest === digest);
  const own = tags.filter((tag) => tag.repository === repository);
  const hasDigest = table.imageOfDigest(repository, digest) !== undefined;
  if (own.length === 0 && !hasDigest && tags.length > 0) throw manifestUnknown(digest);
  table.inTransaction(() => {
    for (const tag of own) table.untag(tag);
    table.deleteDigest(repository, digest);
  });
}

function isNamed(imageId: Digest, { table }: Images): boolean {
  return table.tagsOf(imageId).length > 0 || table.digestsOf(imageId).length > 0;
}

type Images = RegistryStore['images'];

function manifestOf({ repository, reference }: RegistryCall, { table }: Images): StoredManifest {
  const digest = reference.includes(':')
    ? digestIn(reference)
    : table.targetOf(repository, reference)?.manifestDigest;
  const manifest = digest && table.manifest(digest);
  if (manifest) return manifest;
  throw manifestUnknown(reference);
}

/** Errors: MANIFEST_INVALID. */
function parsed(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const [type = ''] = (contentType ?? '').split(';');
  const mediaType = type.trim().toLowerCase();
  let manifest: Manifest;
  try {
    manifest = parseManifest(bytes, mediaType);
  } catch (thrown) {
    if (thrown instanceof EngineError) throw invalid(thrown.message);
    throw thrown;
  }
  // Whoever pulls it would take it for something else than who has pushed it.
  if (mediaType === '' || mediaType === manifest.mediaType) return manifest;
  throw invalid(`the manifest is ${manifest.mediaType}, and was sent as ${mediaType}`);
}

const MAX_SHOWN = 200;

function manifestUnknown(reference: string): RegistryError {
  const details = [{ reference: reference.slice(0, MAX_SHOWN) }];
  return new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown to registry', { details });
}

function invalid(message: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message.slice(0, MAX_SHOWN));
}

function tooLarge(): RegistryError {
  const message = `a manifest may have ${MAX_MANIFEST_BYTES} bytes at most`;
  return new RegistryError('MANIFEST_INVALID', message, { status: 413 });
}

/** As the specification wants warnings: the message alone may change. */
function warning(reason: string): string {
  const text = `kept, but no image for wolffia: ${reason}`.replaceAll(/[^ !#-[\]-~]/g, '?');
  return `299 - "${text.slice(0, MAX_SHOWN)}"`;
}
