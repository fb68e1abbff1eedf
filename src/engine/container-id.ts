import type { Brand } from '../base/brand.ts';
import type { RandomSource } from './random-source.ts';

/** 64 hexadecimal digits, chosen at random, not all of the first twelve decimal. */
export type ContainerId = Brand<string, 'ContainerId'>;

const SHORT_LENGTH = 12;

/** A new id. Its short form is no number, so that it can serve as a host name (Docker's rule). */
export function newContainerId(random: RandomSource): ContainerId {
  for (;;) {
    const id = Buffer.from(random.bytes(32)).toString('hex');
    if (!/^\d+$/.test(id.slice(0, SHORT_LENGTH))) return id as ContainerId;
  }
}

/** Undefined when the text is no full id. */
export function parseContainerId(text: string): ContainerId | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as ContainerId) : undefined;
}

export function shortId(id: ContainerId): string {
  return id.slice(0, SHORT_LENGTH);
}
