import { EngineError } from '../../base/engine-error.ts';
import { HTTP_STATUS } from '../http-status.ts';

/** The specification's codes, and the status that each comes with unless it is said otherwise. */
const STATUS_OF_CODE = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  /** Not the specification's, but what clients take all other codes for. */
  UNKNOWN: 500,
} as const;

export type RegistryErrorCode = keyof typeof STATUS_OF_CODE;

export interface RegistryErrorEntry {
  readonly code: RegistryErrorCode;
  readonly message: string;
  readonly detail?: Details;
}

type Details = Readonly<Record<string, string | number>>;

export interface RegistryErrorOptions {
  readonly status?: number;
  /** An entry for each. */
  readonly details?: readonly Details[];
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a registry's client is told when something does not go (OCI distribution-spec, "Error
 * Codes").
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;
  readonly entries: readonly RegistryErrorEntry[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RegistryErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message);
    const { status = STATUS_OF_CODE[code], details = [{}], headers = {} } = options;
    this.status = status;
    this.entries = details
      .slice(0, MAX_ENTRIES)
      .map((detail) => ({ code, message, ...(Object.keys(detail).length > 0 ? { detail } : {}) }));
    this.headers = headers;
  }
}

/** A manifest may name thousands of things that are not here. */
const MAX_ENTRIES = 100;

/** Undefined for what is a bug: nobody but the log is told of it. */
export function asRegistryError(thrown: unknown): RegistryError | undefined {
  if (thrown instanceof RegistryError) return thrown;
  if (thrown instanceof EngineError) {
    const status = HTTP_STATUS[thrown.kind];
    return new RegistryError('UNKNOWN', thrown.message, { status });
  }
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new RegistryError('UNKNOWN', 'no space left on device', { status: 507 });
  }
  return undefined;
}
