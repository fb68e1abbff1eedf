import type { RegistrySettings } from '../../src/registry/contract.ts';
import type { DockerHubHosts } from '../../src/registry/endpoints.ts';
import type { LookUp } from '../../src/registry/host-trust.ts';
import { RegistryClient } from '../../src/registry/registry-client.ts';
import { FakeClock } from './fake-clock.ts';
import { SeededRandom } from './seeded-random.ts';

/** Of the first chunks of what it pushes, where it may not push it as a whole. */
export const CHUNK_BYTES = 96_000;

/** Of the fake clock, with each turn of the event loop. */
const TURN_MS = 5;

/**
 * A registry client whose clock goes on with the turns of the event loop: back-off and stalls of
 * half a minute are over in some thousand turns.
 */
export class RegistryHarness implements AsyncDisposable {
  readonly client: RegistryClient;
  readonly clock = new FakeClock();
  #isDisposed = false;

  constructor(
    settings: Partial<RegistrySettings> = {},
    options: { readonly dockerHub?: DockerHubHosts; readonly lookUp?: LookUp } = {},
  ) {
    const random = new SeededRandom(5);
    this.client = new RegistryClient({
      settings: {
        mirrors: [],
        insecureRegistries: [],
        certificateDirectories: [],
        environment: {},
        userAgent: 'wolffia-test',
        ...settings,
      },
      clock: this.clock,
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)) },
      chunkBytes: CHUNK_BYTES,
      ...options,
    });
    const turn = (): void => {
      this.clock.advance(TURN_MS);
      if (!this.#isDisposed) setImmediate(turn);
    };
    setImmediate(turn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.client[Symbol.asyncDispose]();
  }
}

/** All bytes, in one. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** Bytes of which each stretch differs from the others. */
export function patternBytes(sizeBytes: number, seed = 1): Buffer {
  const random = new SeededRandom(seed);
  const bytes = Buffer.alloc(Math.ceil(sizeBytes / 4) * 4);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(random.word(), at);
  return bytes.subarray(0, sizeBytes);
}

/** What the promise is rejected with, as `kind: message`. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    return 'kind' in thrown ? `${thrown.kind}: ${thrown.message}` : String(thrown.stack);
  }
  throw new Error('it was expected to fail');
}
