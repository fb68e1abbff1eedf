import { createHash, timingSafeEqual } from 'node:crypto';

/** Who may use the registry: one user with a password (RFC 7617). */
export class BasicAuth {
  readonly #expected: Buffer;

  constructor(username: string, password: string) {
    this.#expected = hashOf(`${username}:${password}`);
  }

  /** Takes as long whatever is wrong with the header. */
  accepts(header: string | undefined): boolean {
    const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(header ?? '')?.[1] ?? '';
    const given = hashOf(Buffer.from(encoded, 'base64').toString());
    return timingSafeEqual(given, this.#expected);
  }
}

/** Of the same size whatever is hashed, so that comparing tells nothing about it. */
function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export const CHALLENGE = 'Basic realm="wolffia", charset="UTF-8"';
