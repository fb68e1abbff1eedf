import { deleteBlob, getBlob } from './blob-endpoints.ts';
import { listReferrers, listRepositories, listTags } from './listing-endpoints.ts';
import { deleteManifest, getManifest, putManifest } from './manifest-endpoints.ts';
import type { RegistryCall } from './registry-call.ts';
import { RegistryError } from './registry-error.ts';
import type { RegistryStore } from './registry-store.ts';
import {
  beginUpload,
  cancelUpload,
  continueUpload,
  finishUpload,
  uploadStatus,
} from './upload-endpoints.ts';

type Handle = (call: RegistryCall, store: RegistryStore) => Promise<void> | void;

interface Endpoint {
  /** The groups are the repository's name, and what the path ends with. */
  readonly pattern: RegExp;
  readonly methods: Readonly<Record<string, Handle>>;
}

/** All of the API (OCI distribution-spec, "Endpoints"); the first that fits counts. */
const ENDPOINTS: readonly Endpoint[] = [
  { pattern: /^\/v2\/?$/, methods: { GET: welcome, HEAD: welcome } },
  { pattern: /^\/v2\/_catalog$/, methods: { GET: listRepositories } },
  { pattern: /^\/v2\/(.+)\/tags\/list$/, methods: { GET: listTags } },
  {
    pattern: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    methods: { GET: getManifest, HEAD: getManifest, PUT: putManifest, DELETE: deleteManifest },
  },
  { pattern: /^\/v2\/(.+)\/blobs\/uploads\/?$/, methods: { POST: beginUpload } },
  {
    pattern: /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
    methods: {
      GET: uploadStatus,
      PATCH: continueUpload,
      PUT: finishUpload,
      DELETE: cancelUpload,
    },
  },
  {
    pattern: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
    methods: { GET: getBlob, HEAD: getBlob, DELETE: deleteBlob },
  },
  { pattern: /^\/v2\/(.+)\/referrers\/([^/]+)$/, methods: { GET: listReferrers } },
];

const READING = ['GET', 'HEAD'];

export interface FoundEndpoint {
  readonly handle: Handle;
  readonly name: string | undefined;
  readonly reference: string;
}

/**
 * # Errors
 * 404 for what is none; UNSUPPORTED for a method that it has not, or not in a registry that is
 * read only
 */
export function findEndpoint(method: string, path: string, isReadOnly: boolean): FoundEndpoint {
  for (const { pattern, methods } of ENDPOINTS) {
    const found = pattern.exec(path);
    if (!found) continue;
    const allowed = Object.keys(methods).filter((one) => !isReadOnly || READING.includes(one));
    const handle = allowed.includes(method) ? methods[method] : undefined;
    if (handle) return { handle, name: found[1], reference: decoded(found[2] ?? '') };
    const words = isReadOnly ? 'the registry is read only' : 'the operation is unsupported';
    throw new RegistryError('UNSUPPORTED', words, { headers: { Allow: allowed.join(', ') } });
  }
  throw new RegistryError('UNSUPPORTED', 'page not found', { status: 404 });
}

function welcome(call: RegistryCall): void {
  call.json(200, {});
}

/** Some clients escape the colon of a digest. */
function decoded(component: string): string {
  try {
    return decodeURIComponent(component);
  } catch {
    // What is no escape is taken as it stands; nothing has such a name.
    return component;
  }
}
