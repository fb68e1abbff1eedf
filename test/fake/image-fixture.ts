import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { openDatabase } from '../../src/engine/database.ts';
import { ImageService } from '../../src/image/image-service.ts';
import { FakeClock } from './fake-clock.ts';

/** An image store in a folder of its own, which can be opened again as after a crash. */
export class ImageFixture implements Disposable {
  readonly dataRoot = mkdtempSync(join(tmpdir(), 'wolffia-images-'));
  readonly clock = new FakeClock();
  #database: DatabaseSync | undefined;

  async open(): Promise<ImageService> {
    this.close();
    const database = openDatabase(this.dataRoot, process.pid);
    this.#database = database;
    return ImageService.open({ dataRoot: this.dataRoot, database, clock: this.clock });
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
    rmSync(this.dataRoot, { recursive: true, force: true });
  }
}

/** A tar archive of files by their paths. */
export async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) {
    archive.entry({ name, mtime: new Date(0), mode: 0o755 }, text);
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function gzippedArchiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  return gzipSync(await archiveOf(files));
}

/** Bytes in chunks of that size, as a source that comes over a network. */
export async function* inChunks(bytes: Uint8Array, size = 4_096): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) {
    yield bytes.subarray(offset, offset + size);
  }
}
