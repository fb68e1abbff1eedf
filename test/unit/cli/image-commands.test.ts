import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { archiveDirectory } from '../../../src/archive/directory-archive.ts';
import { EngineError } from '../../../src/base/engine-error.ts';
import { parseRegistryAuth, REGISTRY_AUTH_HEADER } from '../../../src/wire/registry-auth.ts';
import { containerOf, FakeImageApi } from '../../fake/fake-image-api.ts';
import { digestOf, fakeImage } from '../../fake/fake-images.ts';
import { FakeTerminal } from '../../fake/fake-terminal.ts';

const NOW_NS = 1_700_000_000_000_000_000n;

interface Shown {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Typed {
  readonly input?: string;
  readonly isTerminal?: boolean;
}

async function run(
  api: FakeImageApi,
  args: readonly string[],
  { input, isTerminal = false }: Typed = {},
): Promise<Shown> {
  const terminal = new FakeTerminal({ isTerminal });
  terminal.env['DOCKER_CONFIG'] = api.directory;
  if (input !== undefined) terminal.stdin.end(input);
  const exitCode = await api.run(terminal, ...args);
  return { exitCode, stdout: terminal.shown, stderr: terminal.complained };
}

/** The output of a command that must do well. */
async function ok(api: FakeImageApi, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(api, args);
  assert.is(exitCode, 0, stderr);
  return stdout;
}

/** What a command that must fail says. */
async function failure(api: FakeImageApi, ...args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await run(api, args);
  assert.is.not(exitCode, 0);
  return stderr;
}

function openApi(): Promise<FakeImageApi> {
  return FakeImageApi.open([
    fakeImage('1', { repoTags: ['python:latest', 'ghcr.io/team/py:v1'], createdNs: NOW_NS }),
    fakeImage('3', { repoTags: ['app:v2'], sizeBytes: 48_300_000 }),
    fakeImage('5'),
  ]);
}

test('images --tree: names above each other, and what each has for a platform', async () => {
  await using api = await openApi();
  const tree = [
    'Info -> U In Use',
    '',
    'IMAGE                ID             DISK USAGE   CONTENT SIZE   EXTRA',
    'ghcr.io/team/py:v1',
    'python:latest        111111111111        3.4MB          1.2MB',
    '└─ wasi/wasm         222222222222        4.6MB          1.2MB',
    '',
    'app:v2               333333333333       48.3MB          1.2MB',
    '└─ wasi/wasm         444444444444       49.5MB          1.2MB',
    '',
  ];
  const shown = async (...more: string[]): Promise<readonly string[]> =>
    (await ok(api, 'images', '--tree', ...more)).split('\n').map((line) => line.trimEnd());
  assert.equal(await shown(), [...tree, '']);
  assert.equal((await shown('-a')).slice(-4, -2), [
    '<untagged>           555555555555        3.4MB          1.2MB',
    '└─ wasi/wasm         666666666666        4.6MB          1.2MB',
  ]);
});

test('images of a name show that name alone', async () => {
  await using api = await openApi();
  assert.is(
    await ok(api, 'images', '--format', '{{.Repository}}:{{.Tag}}', 'python'),
    'python:latest\n',
  );
  assert.is(
    await ok(api, 'images', '-f', 'reference=*/*/py', '--format', '{{.Repository}}'),
    'ghcr.io/team/py\n',
  );
});

test('pull: a name that is written out is for a registry, a short one for the catalog, too', async () => {
  await using api = await openApi();
  const image = fakeImage('1');
  api.transfers.pulled = { image, origin: 'registry', isNew: false, digest: digestOf('b') };
  for (const name of ['python', 'library/python', 'docker.io/library/python:3', 'localhost/a']) {
    await ok(api, 'pull', '--platform', 'wasi/wasm', name);
  }
  assert.equal(api.transfers.calls, [
    'pull python:latest for wasi/wasm',
    'pull docker.io/library/python:latest for wasi/wasm',
    'pull docker.io/library/python:3 for wasi/wasm',
    'pull localhost/a:latest for wasi/wasm',
  ]);
  api.transfers.failure = new EngineError('unauthenticated', 'no \u001b[2J way');
  assert.is(await failure(api, 'pull', 'x/y'), 'Error response from daemon: no �[2J way\n');
});

test('credentials of the configuration go along', async () => {
  await using api = await openApi();
  const auth = Buffer.from('ada:secret').toString('base64');
  writeFileSync(
    join(api.directory, 'config.json'),
    JSON.stringify({ auths: { 'localhost:5000': { auth } } }),
  );
  const credentials = { username: 'ada', password: 'secret' };
  api.images.tag('python', 'localhost:5000/python');
  for (const args of [
    ['push', 'localhost:5000/python'],
    ['search', 'localhost:5000/py'],
  ]) {
    await ok(api, ...args);
    assert.equal(api.transfers.lastAccess?.credentials, credentials);
  }
  await ok(api, 'search', 'py');
  assert.is(api.transfers.lastAccess?.credentials, undefined);
  assert.is(parseRegistryAuth(undefined).username, undefined, REGISTRY_AUTH_HEADER);
});

test('run and create: policies, platform, and how much is told', async () => {
  await using api = await openApi();
  api.transfers.pulled = {
    image: fakeImage('7'),
    origin: 'registry',
    isNew: true,
    digest: digestOf('b'),
  };
  api.transfers.during = () => {
    api.images.images.push(fakeImage('7', { repoTags: ['new:latest'] }));
  };
  const id = `${'f'.repeat(64)}\n`;
  const missing = await run(api, ['create', 'new']);
  assert.equal(missing, {
    exitCode: 0,
    stdout: id,
    stderr: `Unable to find image 'new:latest' locally\nDigest: ${digestOf('b')}\nStatus: Downloaded newer image for new:latest\n`,
  });
  assert.equal(api.transfers.calls.splice(0), ['pull new:latest']);
  assert.equal(await run(api, ['create', 'new']), { exitCode: 0, stdout: id, stderr: '' });
  assert.equal(api.transfers.calls, []);
  const always = await run(api, ['create', '--pull', 'always', '-q', '--platform', 'a/b', 'new']);
  assert.equal(always, { exitCode: 0, stdout: id, stderr: '' });
  assert.equal(api.transfers.calls.splice(0), ['pull new:latest for a/b']);
  assert.match(await failure(api, 'create', '--pull', 'never', 'other'), 'No such image: other');
  assert.match(
    await failure(api, 'create', '--pull', 'often', 'new'),
    "invalid pull option: 'often'",
  );
  assert.equal(api.transfers.calls, []);
});

test('create of a file makes an image without a name, the same each time', async () => {
  await using api = await openApi();
  const path = join(api.directory, 'tool.wasm');
  writeFileSync(path, 'a module');
  utimesSync(path, 1_600_000_000.7, 1_600_000_000.7);
  await ok(api, 'create', path);
  assert.is(api.images.imported, 'a module');
  assert.equal(api.images.importOptions, {
    reference: '',
    changes: [],
    comment: 'Imported from tool.wasm',
    platform: undefined,
    createdNs: 1_600_000_000_000_000_000n,
  });
  assert.equal(api.transfers.calls, []);
  for (const name of ['./nothing.wasm', '../nothing', '/nowhere/x']) {
    assert.match(
      await failure(api, 'create', name),
      `cannot run ${name}: no such file or directory`,
    );
  }
  // It may be the name of an image.
  api.transfers.failure = new EngineError('not-found', 'denied');
  assert.match(await failure(api, 'create', 'nothing.wasm'), 'denied');
});

test('save: a file that is whole or not there, and a folder', async () => {
  await using api = await openApi();
  const file = join(api.directory, 'image.tar');
  api.transfers.archive = ['a', 'b'];
  await ok(api, 'save', '-o', file, '--platform', 'wasi/wasm', 'python', 'app:v2');
  assert.is(readFileSync(file, 'utf8'), 'ab');
  assert.equal(api.transfers.calls, ['save python app:v2 for wasi/wasm']);
  api.transfers.failure = new EngineError('not-found', 'No such image: x:latest');
  assert.match(await failure(api, 'save', '-o', file, 'x'), 'No such image: x:latest');
  assert.is(readFileSync(file, 'utf8'), 'ab', 'the file of before stays');
  const refused = await run(api, ['save', 'python'], { isTerminal: true });
  assert.match(refused.stderr, 'cowardly refusing to save to a terminal');
  const leftovers = readdirSync(api.directory).filter((name) => name.includes('partial'));
  assert.equal(leftovers, []);
});

test('save to a folder and load from it', async () => {
  await using api = await openApi();
  const layout = join(api.directory, 'layout');
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(layout, 'blobs', 'sha256', 'a'.repeat(64)), 'blob');
  let archive = '';
  for await (const chunk of archiveDirectory(layout))
    archive += Buffer.from(chunk).toString('latin1');
  api.transfers.archive = [archive];
  const copy = join(api.directory, 'copy');
  await ok(api, 'save', '-o', `${copy}/`, 'python');
  assert.is(readFileSync(join(copy, 'blobs', 'sha256', 'a'.repeat(64)), 'utf8'), 'blob');
  assert.match(
    await failure(api, 'save', '-o', copy, 'python'),
    'copy is not empty: name a new folder',
  );
  api.transfers.loaded = [{ image: fakeImage('1'), names: ['python:latest'] }];
  assert.is(await ok(api, 'load', '-i', copy), 'Loaded image: python:latest\n');
  assert.is(api.transfers.received, archive);
  assert.match(await failure(api, 'load', '-i', api.directory), 'it is no OCI layout');
});

test('save to a folder: an archive that leads elsewhere leaves nothing', async () => {
  await using api = await openApi();
  const source = join(api.directory, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'xx-evil'), 'x');
  let archive = '';
  for await (const chunk of archiveDirectory(source))
    archive += Buffer.from(chunk).toString('latin1');
  for (const name of ['../evil', '/etc/xx', '.hidden']) {
    const tar = Buffer.from(archive, 'latin1');
    tar.fill(0, 0, 100).write(name, 0, 'latin1');
    tar.fill(' ', 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    api.transfers.archive = [tar.toString('latin1')];
    const target = join(api.directory, 'target/');
    assert.match(await failure(api, 'save', '-o', target, 'python'), 'its name leads elsewhere');
    assert.not.ok(existsSync(target));
    assert.not.ok(existsSync(join(api.directory, 'evil')));
  }
});

test('system prune: containers and images, and what will go', async () => {
  await using api = await openApi();
  api.prunedContainers = ['c1', 'c2'];
  api.images.leftoverBytes = 2_000;
  const args = ['system', 'prune', '-a', '--volumes', '--filter', 'label=x'];
  const asked = await run(api, args, { input: 'n\n' });
  assert.is(
    asked.stdout,
    [
      'WARNING! This will remove:',
      '  - all stopped containers',
      '  - all images without at least one container associated to them',
      '',
      '  Items to be pruned will be filtered with:',
      '  - label=x',
      '',
      'Are you sure you want to continue? [y/N] ',
    ].join('\n'),
  );
  assert.equal(api.prunings, []);
  assert.is(
    await ok(api, 'system', 'prune', '-f'),
    [
      'Deleted Containers:',
      'c1',
      'c2',
      '',
      'Deleted Images:',
      `deleted: ${digestOf('5')}`,
      '',
      'Total reclaimed space: 3.403MB',
      '',
    ].join('\n'),
  );
  await ok(api, 'system', 'prune', '-f', '--filter', 'until=24h');
  assert.equal(api.prunings, ['', '{"until":["24h"]}']);
});

test('system df: what containers are made of cannot be had back', async () => {
  await using api = await FakeImageApi.open([fakeImage('1'), fakeImage('3', { layers: [] })]);
  api.containers = [await containerOf(digestOf('1'))];
  api.images.leftoverBytes = 12_000;
  const [, images = '', ...others] = (await ok(api, 'system', 'df')).split('\n');
  assert.match(images, /^Images +2 +1 +6\.8MB +2\.2MB \(32%\)$/);
  assert.match(others.join('\n'), /^Containers +1 +1 +0B +0B$/m);
  const note = "12kB is left over from pulls and removed images: 'wolffia image prune' removes it";
  assert.equal(others.slice(-3), ['', note, '']);
  assert.match(await ok(api, 'system', 'df', '-v'), note);
  assert.is(
    await ok(api, 'system', 'df', '--format', '{{.Type}} {{.Reclaimable}}'),
    'Images 2.2MB (32%)\nContainers 0B\nLocal Volumes 0B\nBuild Cache 0B\n',
  );
});

test('system fsck: findings, a summary, and an exit code', async () => {
  await using api = await openApi();
  assert.is(
    await ok(api, 'system', 'fsck'),
    'Checked 3 pieces of content, 55.1MB: 0 losses, 0 notes\n',
  );
  api.images.findings.push(
    { severity: 'note', subject: 'sha256:1', message: 'left over' },
    { severity: 'loss', subject: 'python:latest', message: 'its layer is damaged' },
  );
  const lines = 'note: sha256:1: left over\nloss: python:latest: its layer is damaged\n';
  const damaged = await run(api, ['system', 'fsck']);
  assert.is(damaged.exitCode, 1);
  assert.is(damaged.stdout, `${lines}Checked 3 pieces of content, 55.1MB: 1 losses, 1 notes\n`);
  assert.equal(await run(api, ['system', 'fsck', '-q']), {
    exitCode: 1,
    stdout: lines,
    stderr: '',
  });
});

test('manifest inspect: the document, and what it is', async () => {
  await using api = await openApi();
  const config = {
    mediaType: 'application/vnd.wasm.config.v0+json',
    digest: digestOf('1'),
    size: 2,
  };
  const document = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: [],
  };
  const bytes = Buffer.from(JSON.stringify(document));
  const descriptor = { mediaType: document.mediaType, digest: digestOf('b'), size: bytes.length };
  const platform = { os: 'wasip1', architecture: 'wasm' };
  api.transfers.remote = { descriptor, bytes, platforms: [platform] };
  const shown = await ok(api, 'manifest', 'inspect', 'ghcr.io/a/b');
  assert.is(shown, `${JSON.stringify(document, undefined, '\t')}\n`);
  assert.equal(JSON.parse(await ok(api, 'manifest', 'inspect', '-v', 'ghcr.io/a/b:v1')), {
    Ref: 'ghcr.io/a/b:v1',
    Descriptor: { ...descriptor, platform },
    Raw: bytes.toString('base64'),
    OCIManifest: document,
  });
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ ...descriptor, platform }],
  };
  // The fake answers the same for every name, so that this index has itself for a manifest.
  const indexBytes = Buffer.from(JSON.stringify(index));
  api.transfers.remote = {
    descriptor: { mediaType: index.mediaType, digest: digestOf('c'), size: indexBytes.length },
    bytes: indexBytes,
    platforms: [platform],
  };
  const parts = JSON.parse(await ok(api, 'manifest', 'inspect', '-v', 'ghcr.io/a/b:v1'));
  assert.equal(parts.length, 1);
  assert.is(parts[0].Ref, `ghcr.io/a/b:v1@${digestOf('b')}`);
  assert.equal(parts[0].Descriptor, { ...descriptor, platform });
  assert.match(
    await failure(api, 'manifest', 'inspect', '--insecure', 'registry.example/a'),
    'add registry.example to "insecure-registries"',
  );
  await ok(api, 'manifest', 'inspect', '--insecure', '127.0.0.1:5000/a');
});

test('convert, tag, and names that are no part of a path', async () => {
  await using api = await openApi();
  assert.is(await ok(api, 'image', 'convert', 'python', 'x:wasm'), `${digestOf('7')}\n`);
  await ok(api, 'image', 'convert', '--to', 'image', 'x:wasm', 'y');
  assert.equal(api.transfers.calls, [
    'convert python to x:wasm as artifact',
    'convert x:wasm to y as image',
  ]);
  assert.match(await failure(api, 'image', 'convert', '--to', 'x', 'a', 'b'), "invalid form 'x'");
  assert.match(
    await failure(api, 'tag', 'python', `a@${digestOf('1')}`),
    'refusing to create a tag',
  );
  for (const name of ['python?force=1', 'python#x', '%2e%2e/json', 'a b']) {
    assert.match(await failure(api, 'rmi', name), 'invalid reference format', name);
  }
  assert.is(api.images.images.length, 3);
});

test.run();
