import { createHash } from 'node:crypto';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, parseDigest } from '../spec/digest.ts';
import { type Descriptor, MAX_MANIFEST_BYTES } from '../spec/manifest.ts';
import { isIndex, isManifest, MEDIA_TYPES } from '../spec/media-types.ts';
import type { FetchedManifest } from './contract.ts';
import type { HttpAnswer } from './http-answer.ts';
import { fieldOf, jsonOf } from './registry-fault.ts';
import type { RegistrySession } from './registry-session.ts';
import { pullScope, pushScope } from './scope.ts';

const ACCEPT = [
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.dockerManifestList,
].join(', ');

/** Where a registry answers to HEAD with it, GET says what is wrong, or works. */
const HEAD_REFUSED = new Set([400, 401, 403, 405, 415, 501]);

/** Distribution-spec, "pulling manifests". */
export async function fetchManifest(
  session: RegistrySession,
  path: string,
  reference: string,
): Promise<FetchedManifest> {
  const answer = await session.expect(manifestRequest('GET', path, reference), [200]);
  const bytes = await answer.bytes(MAX_MANIFEST_BYTES, 'a manifest');
  const digest = digestOf(bytes);
  for (const expected of [reference, answer.header('docker-content-digest') ?? '']) {
    if (parseDigest(expected) !== undefined && expected !== digest) {
      throw new EngineError(
        'data-loss',
        `${session.host} answers for ${path} ${expected} with a manifest of another digest (${digest})`,
      );
    }
  }
  return { mediaType: mediaTypeOf(answer, bytes), digest, bytes };
}

/** The same without its bytes where the registry can. Throws as `fetchManifest` does. */
export async function headManifest(
  session: RegistrySession,
  path: string,
  reference: string,
): Promise<Descriptor> {
  const answer = await session.send(manifestRequest('HEAD', path, reference));
  if (answer.status !== 200 && !HEAD_REFUSED.has(answer.status)) throw await session.fault(answer);
  await answer.discard();
  const digest = parseDigest(answer.header('docker-content-digest') ?? '');
  const mediaType = contentType(answer);
  const size = answer.contentLength;
  const isSaid = answer.status === 200 && digest && (isIndex(mediaType) || isManifest(mediaType));
  if (isSaid && size !== undefined) return { mediaType, digest, size };
  const fetched = await fetchManifest(session, path, reference);
  return { mediaType: fetched.mediaType, digest: fetched.digest, size: fetched.bytes.length };
}

/** Distribution-spec, "pushing manifests". */
export async function pushManifest(
  session: RegistrySession,
  path: string,
  reference: string,
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
): Promise<void> {
  async function* open() {
    yield manifest.bytes;
  }
  const answer = await session.expect(
    {
      method: 'PUT',
      target: manifestPath(path, reference),
      scopes: [pushScope(path)],
      headers: { 'content-type': manifest.mediaType },
      body: { sizeBytes: manifest.bytes.length, open },
    },
    // 201 by the specification; some answer otherwise.
    [200, 201, 202, 204],
  );
  await answer.discard();
}

function manifestRequest(method: 'GET' | 'HEAD', path: string, reference: string) {
  return {
    method,
    target: manifestPath(path, reference),
    scopes: [pullScope(path)],
    headers: { accept: ACCEPT },
  };
}

function manifestPath(path: string, reference: string): string {
  return `v2/${path}/manifests/${encodeURIComponent(reference).replaceAll('%3A', ':')}`;
}

/** A type that says nothing is replaced by what the manifest says of itself. */
function mediaTypeOf(answer: HttpAnswer, bytes: Uint8Array): string {
  const said = contentType(answer);
  if (isIndex(said) || isManifest(said)) return said;
  const own = fieldOf(jsonOf(new TextDecoder().decode(bytes)), 'mediaType');
  return typeof own === 'string' && (isIndex(own) || isManifest(own)) ? own : said;
}

function contentType(answer: HttpAnswer): string {
  const [type = ''] = (answer.header('content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}

function digestOf(bytes: Uint8Array): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  if (!digest) throw new Error('sha256 gave no digest');
  return digest;
}
