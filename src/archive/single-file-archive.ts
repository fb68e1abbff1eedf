import { pack } from 'tar-stream';

/**
 * A tar archive of one program at an absolute path, which depends on nothing but these: owned by
 * root, executable, from the epoch.
 */
export async function* singleFileArchive(
  path: string,
  sizeBytes: number,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const name = path.replace(/^\/+/, '');
  const entry = archive.entry({ name, size: sizeBytes, mode: 0o755, mtime: new Date(0) });
  const feeding = (async () => {
    for await (const chunk of content) {
      if (!entry.write(chunk)) await new Promise<void>((resolve) => entry.once('drain', resolve));
    }
    entry.end(null);
    archive.finalize();
  })().catch((thrown: Error) => archive.destroy(thrown));
  for await (const chunk of archive) if (chunk instanceof Uint8Array) yield chunk;
  await feeding;
}
