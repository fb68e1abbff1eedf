import { type ChildProcess, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture, until } from './engine-fixture.ts';

// The built-in registry, used by others' clients and by those of this engine.
const test = suite('serve-registry');
const engine = new EngineFixture();

test.before(() => engine.importFixtures());
test.after(() => engine[Symbol.asyncDispose]());

/** A registry that is served until it is disposed of. */
class Serving implements AsyncDisposable {
  readonly #command: ChildProcess;
  output = '';

  private constructor(command: ChildProcess) {
    this.#command = command;
    command.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    command.stderr?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
  }

  static async start(from: EngineFixture, ...args: readonly string[]): Promise<Serving> {
    const command = from.start(['serve-registry', '--listen', '127.0.0.1:0', ...args], 'ignore');
    const serving = new Serving(command);
    const isReady = (): boolean => serving.host !== '' || command.exitCode !== null;
    await until(isReady, 'the registry listens', 30_000);
    if (serving.host === '') throw new Error(serving.output);
    return serving;
  }

  /** `127.0.0.1:32768` */
  get host(): string {
    return /Serving images on https?:\/\/(\S+)/.exec(this.output)?.[1] ?? '';
  }

  url(path: string): string {
    return `http://${this.host}/v2/${path}`;
  }

  /** Resolves with its exit code once it has ended by itself, or by the signal. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal) this.#command.kill(signal);
    const { exitCode, signalCode } = this.#command;
    if (exitCode === null && signalCode === null) await once(this.#command, 'exit');
    return this.#command.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGINT');
  }
}

function skopeo(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('skopeo', ['--insecure-policy', ...args], {
    timeout: 60_000,
  });
  if (error) throw error;
  if (status === 0) return stdout.toString();
  throw new Error(`skopeo ${args.join(' ')} exited with ${status}: ${stderr}`);
}

const absence = spawnSync('skopeo', ['--version']).error ? 'skopeo' : undefined;
const withSkopeo = absence === undefined ? test : undefined;
if (absence !== undefined) {
  process.stdout.write('skipped: the skopeo command is not installed (Debian: skopeo)\n');
}

const idOf = (name: string): string =>
  engine.ok('inspect', '--type', 'image', '-f', '{{.Id}}', name);

function runs(name: string, from = engine): boolean {
  return from.run(['run', '--rm', name, '/behave', 'exit', '7']).exitCode === 7;
}

withSkopeo?.('skopeo copies an image out and in again, as a layout and as an archive', async () => {
  await using serving = await Serving.start(engine);
  const id = idOf('fixtures');
  for (const form of ['oci', 'docker-archive']) {
    const at = `${form}:${engine.path(`copied-${form}`)}:x:y`;
    const [source, target] = [`docker://${serving.host}/fixtures`, `${form}/copied:${form}`];
    skopeo('copy', '--src-tls-verify=false', source, at);
    skopeo('copy', '--dest-tls-verify=false', at, `docker://${serving.host}/${target}`);
    assert.is(idOf(target), id, form);
    assert.ok(runs(target), form);
  }
  const line = /^127\.0\.0\.1 PUT \/v2\/oci\/copied\/manifests\/oci 201 /m;
  await until(() => line.test(serving.output), 'the access log tells of it');
  assert.match(engine.ok('system', 'fsck'), ' 0 losses');
});

withSkopeo?.('skopeo inspects, lists and deletes', async () => {
  await using serving = await Serving.start(engine);
  engine.ok('tag', 'fixtures', 'listed/one:a');
  engine.ok('tag', 'fixtures', 'listed/one:b');
  const image = `docker://${serving.host}/listed/one`;
  const inspected = JSON.parse(skopeo('inspect', '--tls-verify=false', `${image}:a`));
  assert.equal(inspected.RepoTags, ['a', 'b']);
  assert.is(inspected.Os, 'wasi');
  const { Tags } = JSON.parse(skopeo('list-tags', '--tls-verify=false', image));
  assert.equal(Tags, ['a', 'b']);
  skopeo('delete', '--tls-verify=false', `${image}:a`);
  const tags = engine.ok('images', '--format', '{{.Repository}}:{{.Tag}}');
  assert.not.match(tags, 'listed/one');
  assert.match(tags, 'fixtures:latest');
  assert.ok(runs('fixtures'));
});

withSkopeo?.('TLS, a user and a password', async () => {
  const [certificate, key] = [engine.path('cert.pem'), engine.path('key.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-keyout', key, '-out', certificate],
  ]);
  if (made.error) {
    process.stdout.write('skipped: the openssl command is not installed (Debian: openssl)\n');
    return;
  }
  assert.is(made.status, 0, made.stderr.toString());
  const flags = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem', '--user', 'ada'];
  const command = engine.start([
    ...['serve-registry', '--listen', '127.0.0.1:0', '--read-only', '--password-stdin'],
    ...flags,
  ]);
  let output = '';
  command.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  command.stdin?.end('s3cret\n');
  await until(() => output.includes('Serving'), 'the registry listens', 30_000);
  const host = /https:\/\/(\S+) \(read only\)/.exec(output)?.[1];
  const inspect = ['inspect', `--cert-dir=${engine.path('trusted')}`, `docker://${host}/fixtures`];
  engine.write('trusted/ca.crt', readFileSync(certificate));
  try {
    assert.throws(() => skopeo(...inspect), /unauthorized|authentication required/);
    assert.throws(() => skopeo(...inspect, '--creds', 'ada:wrong'), /unauthorized|authentication/);
    assert.match(skopeo(...inspect, '--creds', 'ada:s3cret'), '"Os": "wasi"');
    const copy = ['copy', `--src-cert-dir=${engine.path('trusted')}`, '--src-creds=ada:s3cret'];
    const target = [`--dest-cert-dir=${engine.path('trusted')}`, '--dest-creds=ada:s3cret'];
    const [from, to] = [`docker://${host}/fixtures`, `docker://${host}/refused:1`];
    assert.throws(() => skopeo(...copy, ...target, from, to), /405|read only|unsupported/i);
  } finally {
    command.kill('SIGINT');
    await once(command, 'exit');
  }
  assert.not.match(output, 's3cret');
});

test('two machines share images: one serves, the other pulls, runs, and pushes', async () => {
  await using serving = await Serving.start(engine);
  await using other = new EngineFixture();
  const { host } = serving;
  const pulled = other.ok('pull', `${host}/fixtures`);
  assert.match(pulled, `Status: Downloaded newer image for ${host}/fixtures:latest`);
  assert.ok(runs(`${host}/fixtures`, other));
  const id = other.ok('inspect', '--type', 'image', '-f', '{{.Id}}', `${host}/fixtures`);
  assert.is(id, idOf('fixtures'));
  other.ok('tag', `${host}/fixtures`, `${host}/team/pushed:1`);
  other.ok('push', `${host}/team/pushed:1`);
  assert.is(idOf('team/pushed:1'), id);
  // Something that was never here.
  await other.importFolder('news', { 'bin/file': randomBytes(300_000) });
  other.ok('tag', 'news', `${host}/news`);
  assert.match(other.ok('push', `${host}/news`), 'digest: sha256:');
  assert.match(engine.ok('images', '--format', '{{.Repository}}'), /^news$/m);
  assert.match(engine.ok('system', 'fsck'), ' 0 losses');
  assert.match(other.ok('system', 'fsck'), ' 0 losses');
});

test('the listener ends with its command, however that ends', async () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 0],
    ['SIGTERM', 0],
    ['SIGKILL', null],
  ] as const) {
    const serving = await Serving.start(engine);
    assert.is((await fetch(serving.url(''))).status, 200);
    assert.is(await serving.end(signal), exitCode, signal);
    let isOpen = true;
    for (let attempt = 0; isOpen && attempt < 200; attempt++) {
      isOpen = await fetch(serving.url('')).then(
        () => true,
        () => false,
      );
    }
    assert.not(isOpen, signal);
  }
});

test('addresses that are refused', async () => {
  await using serving = await Serving.start(engine);
  const listen = (...args: readonly string[]) =>
    engine.run(['serve-registry', '--listen', ...args]);
  const busy = listen(serving.host);
  assert.is(busy.exitCode, 1);
  assert.match(busy.stderr, `address ${serving.host} is in use already`);
  assert.match(listen('0.0.0.0:0').stderr, 'without TLS: whoever is on the network could read');
  assert.match(listen(':0').stderr, 'or say --insecure');
  assert.match(listen('nowhere').stderr, 'invalid address to listen on');
  const halfway = engine.run(['serve-registry', '--tls-cert', 'x']);
  assert.match(halfway.stderr, '--tls-cert and --tls-key go together');
});

test('a download that was cut goes on where it was', async () => {
  await using serving = await Serving.start(engine);
  const blob = randomBytes(3_000_000);
  const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
  await fetch(serving.url(`x/blobs/uploads/?digest=${digest}`), { method: 'POST', body: blob });
  const whole = await fetch(serving.url(`x/blobs/${digest}`));
  const reader = whole.body?.getReader();
  const first = Buffer.from((await reader?.read())?.value ?? []);
  await reader?.cancel();
  assert.ok(first.length > 0 && first.length < blob.length);
  const headers = { Range: `bytes=${first.length}-` };
  const rest = await fetch(serving.url(`x/blobs/${digest}`), { headers });
  assert.is(rest.status, 206);
  assert.ok(Buffer.concat([first, Buffer.from(await rest.arrayBuffer())]).equals(blob));
});

test('a daemon that is killed amid pushes keeps all that it has acknowledged', async () => {
  const acknowledged: string[] = [];
  for (let round = 0; round < 5; round++) {
    const serving = await Serving.start(engine);
    const daemon = engine.daemonPid();
    const push = async (): Promise<void> => {
      for (;;) {
        const blob = randomBytes(200_000);
        const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
        const url = serving.url(`x/blobs/uploads/?digest=${digest}`);
        const { status } = await fetch(url, { method: 'POST', body: blob });
        if (status === 201) acknowledged.push(digest);
      }
    };
    const before = acknowledged.length;
    // All of them fail when the daemon dies.
    const pushes = Promise.allSettled([push(), push(), push()]);
    await until(() => acknowledged.length > before + 3 * round, 'some blobs are in');
    process.kill(daemon, 'SIGKILL');
    await pushes;
    assert.is(await serving.end(), 1);
    const isTold = (): boolean => serving.output.includes('the daemon has ended');
    await until(isTold, 'the command tells why it ended');
  }
  await using serving = await Serving.start(engine);
  for (const digest of acknowledged) {
    const { status, headers } = await fetch(serving.url(`x/blobs/${digest}`), { method: 'HEAD' });
    assert.equal([status, headers.get('content-length')], [200, '200000']);
  }
  assert.match(engine.ok('system', 'fsck'), ' 0 losses');
  assert.ok(runs('fixtures'));
});

test.run();
