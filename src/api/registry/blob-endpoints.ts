import { EngineError } from '../../base/engine-error.ts';
import { GarbageCollector } from '../../image/garbage-collector.ts';
import type { Digest } from '../../spec/digest.ts';
import { parseRange } from './byte-range.ts';
import type { RegistryCall } from './registry-call.ts';
import { RegistryError } from './registry-error.ts';
import type { RegistryStore } from './registry-store.ts';

/**
 * `GET` and `HEAD /v2/<name>/blobs/<digest>` (OCI distribution-spec, "Pulling blobs"). Any content
 * of the store, whatever the repository: who may ask may ask for all of it, and has to know its
 * digest.
 */
export async function getBlob(
  call: RegistryCall,
  { images, leases }: RegistryStore,
): Promise<void> {
  const { digest } = call;
  const { content } = images;
  const sizeBytes = content.sizeOf(digest);
  if (sizeBytes === undefined) throw blobUnknown(digest);
  // Whoever asks before it pushes does not send what is here.
  leases.hold(digest);
  const headers = {
    'Docker-Content-Digest': digest,
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
  };
  if (call.request.method === 'HEAD') {
    call.answer(200, { ...headers, 'Content-Length': sizeBytes });
    return;
  }
  const range = parseRange(call.request.headers.range, sizeBytes);
  if (range === 'unsatisfiable') {
    throw new RegistryError('SIZE_INVALID', 'the blob has no such range', {
      status: 416,
      headers: { 'Content-Range': `bytes */${sizeBytes}` },
    });
  }
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  call.response.writeHead(range ? 206 : 200, {
    ...headers,
    'Content-Length': last - first + 1,
    ...(range ? { 'Content-Range': `bytes ${first}-${last}/${sizeBytes}` } : {}),
  });
  let leftBytes = last - first + 1;
  for await (const chunk of content.open(digest, first)) {
    const part = chunk.subarray(0, leftBytes);
    leftBytes -= part.length;
    if (!(await call.send(part))) return;
    if (leftBytes === 0) break;
  }
  // The connection is all that can tell it: the head is out.
  if (leftBytes > 0) throw new EngineError('data-loss', `content ${digest} is cut short`);
  call.response.end();
}

/** `DELETE /v2/<name>/blobs/<digest>`: what an image needs stays. */
export function deleteBlob(call: RegistryCall, { images, leases }: RegistryStore): void {
  const { digest } = call;
  if (!images.content.has(digest)) throw blobUnknown(digest);
  leases.release(digest);
  if (new GarbageCollector(images).collect([digest]).gone.length === 0) {
    throw new RegistryError('UNSUPPORTED', 'an image needs the blob: delete its manifest', {
      details: [{ digest }],
    });
  }
  call.answer(202);
}

export function blobUnknown(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', 'blob unknown to registry', { details: [{ digest }] });
}
