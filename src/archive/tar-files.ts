import { extract, type Header } from 'tar-stream';
import { EngineError, messageOf } from '../base/engine-error.ts';

/** One entry of an archive, with what is in it. */
export interface TarFile {
  /** As the archive has it. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hard-link' | 'other';
  readonly sizeBytes: number;
  /** Of a link; else empty. */
  readonly linkTarget: string;
  /** To be read, if at all, before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

const KINDS: Readonly<Record<string, TarFile['kind']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'hard-link',
};

/**
 * The entries of a tar archive in its order. Pulls from `source` only as fast as it is pulled from.
 *
 * # Errors
 * invalid-argument for what is no tar archive, or a part of one; those of `source`
 */
export async function* tarFiles(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const parser = extract();
  let sourceFailure: { readonly thrown: unknown } | undefined;
  const asTold = (thrown: unknown): unknown => {
    if (sourceFailure) return sourceFailure.thrown;
    return new EngineError('invalid-argument', `no valid tar archive: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  };
  const feeding = feed(parser, source).catch((thrown: Error) => {
    sourceFailure = { thrown };
    parser.destroy(thrown);
  });
  const entries = parser[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await entries.next().catch((thrown: unknown) => Promise.reject(asTold(thrown)));
      if (next.done) return;
      const content = contentOf(next.value, asTold);
      yield { ...factsOf(next.value.header), content };
      next.value.resume();
    }
  } finally {
    parser.destroy();
    await feeding;
  }
}

/** Ends early when nobody reads any more. */
async function feed(
  parser: ReturnType<typeof extract>,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  let wake = (): void => {};
  parser.on('drain', () => wake());
  parser.on('close', () => wake());
  for await (const chunk of source) {
    if (parser.destroyed) return;
    if (parser.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (parser.destroyed) resolve();
    });
  }
  parser.end(null);
}

function factsOf({ name, type, size, linkname }: Header): Omit<TarFile, 'content'> {
  const kind = KINDS[type ?? ''] ?? 'other';
  return { path: name, kind, sizeBytes: size, linkTarget: linkname ?? '' };
}

async function* contentOf(
  entry: AsyncIterable<unknown>,
  asTold: (thrown: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
  } catch (thrown) {
    throw asTold(thrown);
  }
}
