import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIRST_SCHEMA } from '../../fake/first-schema.ts';
import { archiveOf, ImageFixture } from '../../fake/image-fixture.ts';

function hexDigestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('images from before there were manifests are taken over with their names', async () => {
  using fixture = new ImageFixture();
  const archive = await archiveOf({ 'bin/x': 'x' });
  const diffId = hexDigestOf(archive);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'wasm',
      os: 'wasi',
      config: { Cmd: ['/bin/x'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
    }),
  );
  const id = hexDigestOf(config);
  const write = (directory: string, name: string, bytes: Uint8Array): void => {
    mkdirSync(join(fixture.dataRoot, directory), { recursive: true });
    writeFileSync(join(fixture.dataRoot, directory, name), bytes);
  };
  write('content/sha256', id, config);
  write('layers/sha256', `${diffId}.tar`, archive);
  write('layers/sha256', `${diffId}.index2`, Buffer.from('of an older format'));
  const first = new DatabaseSync(join(fixture.dataRoot, 'wolffia.db'));
  first.exec(FIRST_SCHEMA);
  first.prepare('INSERT INTO images VALUES (?, 5)').run(`sha256:${id}`);
  for (const tag of ['latest', '1']) {
    first
      .prepare('INSERT INTO image_tags VALUES (?, ?, ?)')
      .run('docker.io/library/x', tag, `sha256:${id}`);
  }
  first.close();

  for (let opening = 0; opening < 2; opening++) {
    const images = await fixture.open();
    const image = images.get('x');
    assert.is(image.id, `sha256:${id}`);
    assert.equal(image.repoTags, ['x:1', 'x:latest']);
    assert.is(images.rootfsLayers(image).length, 1);
    for await (const finding of images.check(() => {})) assert.unreachable(finding.message);
  }
});

test.run();
