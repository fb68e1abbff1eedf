import { parseDigest } from '../../spec/digest.ts';
import { type BlobUpload, rangeSoFar } from './blob-uploads.ts';
import { digestIn, type RegistryCall, type ResponseHeaders } from './registry-call.ts';
import { RegistryError } from './registry-error.ts';
import type { RegistryStore } from './registry-store.ts';

/**
 * `POST /v2/<name>/blobs/uploads/` (OCI distribution-spec, "Pushing blobs"): begins an upload;
 * with `digest` takes the whole blob at once; with `mount` nothing is sent that is here already.
 */
export async function beginUpload(call: RegistryCall, store: RegistryStore): Promise<void> {
  const { query, repository, request } = call;
  const mounted = parseDigest(query.get('mount') ?? '');
  if (mounted && store.images.content.has(mounted)) {
    store.leases.hold(mounted);
    answerCreated(call, mounted);
    return;
  }
  const algorithm = query.get('digest-algorithm') ?? 'sha256';
  if (algorithm !== 'sha256') {
    throw new RegistryError('DIGEST_INVALID', 'digests other than sha256 are not supported', {
      details: [{ algorithm: algorithm.slice(0, MAX_SHOWN) }],
    });
  }
  const digest = query.has('digest') ? digestIn(query.get('digest') ?? '') : undefined;
  const upload = await store.uploads.begin(repository);
  if (digest === undefined) {
    answerProgress(call, 202, upload, 0);
    return;
  }
  try {
    await upload.finish(request, digest);
  } finally {
    // Nobody was told its id: nobody could go on with it.
    await upload.cancel();
  }
  answerCreated(call, digest);
}

const MAX_SHOWN = 100;

/** `GET` of an upload's location. */
export async function uploadStatus(call: RegistryCall, store: RegistryStore): Promise<void> {
  const upload = store.uploads.find(call.repository, call.reference);
  answerProgress(call, 204, upload, await upload.status());
}

/** `PATCH`: one chunk, or all of the blob in a stream. */
export async function continueUpload(call: RegistryCall, store: RegistryStore): Promise<void> {
  const upload = store.uploads.find(call.repository, call.reference);
  answerProgress(call, 202, upload, await upload.append(call.request));
}

/** `PUT`: the last chunk or none, and the digest of the whole. */
export async function finishUpload(call: RegistryCall, store: RegistryStore): Promise<void> {
  const digest = digestIn(call.query.get('digest') ?? '');
  await store.uploads.find(call.repository, call.reference).finish(call.request, digest);
  answerCreated(call, digest);
}

/** `DELETE` */
export async function cancelUpload(call: RegistryCall, store: RegistryStore): Promise<void> {
  await store.uploads.find(call.repository, call.reference).cancel();
  call.answer(204);
}

function answerProgress(
  call: RegistryCall,
  status: number,
  { id }: BlobUpload,
  sizeBytes: number,
): void {
  call.answer(status, {
    Location: `/v2/${call.name}/blobs/uploads/${id}`,
    Range: rangeSoFar(sizeBytes),
    'Docker-Upload-UUID': id,
  });
}

function answerCreated(call: RegistryCall, digest: string): void {
  const headers: ResponseHeaders = {
    Location: `/v2/${call.name}/blobs/${digest}`,
    'Docker-Content-Digest': digest,
  };
  call.answer(201, headers);
}
