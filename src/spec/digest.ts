import type { Brand } from '../base/brand.ts';

/**
 * `sha256:` and 64 hexadecimal digits: the name of content by what it is (OCI image-spec,
 * descriptor.md).
 */
export type Digest = Brand<string, 'Digest'>;

const PREFIX = 'sha256:';

/** Undefined when the text is no digest, or one of an algorithm that we do not use. */
export function parseDigest(text: string): Digest | undefined {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined;
}

/** The digits alone: the name of the content's file. */
export function hexOf(digest: Digest): string {
  return digest.slice(PREFIX.length);
}
