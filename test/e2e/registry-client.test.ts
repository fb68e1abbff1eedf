import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../src/main/system-clock.ts';
import type { PushedBlob, RegistrySettings } from '../../src/registry/contract.ts';
import { RegistryClient } from '../../src/registry/registry-client.ts';
import { MEDIA_TYPES } from '../../src/spec/media-types.ts';
import { BreakingProxy } from '../fake/breaking-proxy.ts';
import { sha256 } from '../fake/fake-registry.ts';
import { collect, failureOf, patternBytes } from '../fake/registry-harness.ts';
import {
  DockerRegistry,
  type DockerRegistryOptions,
  dockerRegistryAbsence,
  REGISTRY_USER,
} from '../suite/docker-registry.ts';
import { opensslAbsence, TestCertificates } from '../suite/test-certificates.ts';

// The registry client against the registry of the distribution project.

const MIB = 1024 * 1024;
const CHUNK_BYTES = MIB;

function makeClient(settings: Partial<RegistrySettings> = {}): RegistryClient {
  return new RegistryClient({
    settings: {
      mirrors: [],
      insecureRegistries: [],
      certificateDirectories: [],
      environment: {},
      userAgent: 'wolffia-test',
      ...settings,
    },
    clock: systemClock(),
    random: { bytes: (count) => randomBytes(count) },
    chunkBytes: CHUNK_BYTES,
  });
}

function pushed(bytes: Uint8Array, mountFrom: readonly string[] = []): PushedBlob {
  async function* open(offset: number) {
    for (let at = offset; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  }
  return { digest: sha256(bytes), sizeBytes: bytes.length, mountFrom, open };
}

const describe = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.length,
});

const LAYERS = [patternBytes(5 * MIB + 7, 1), patternBytes(1_000, 2)];
const CONFIG = Buffer.from(
  JSON.stringify({
    architecture: 'wasm',
    os: 'wasip1',
    rootfs: { type: 'layers', diff_ids: LAYERS.map(sha256) },
  }),
);
const MANIFEST = {
  mediaType: MEDIA_TYPES.ociManifest,
  bytes: Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: describe(MEDIA_TYPES.ociConfig, CONFIG),
      layers: LAYERS.map((layer) => describe(MEDIA_TYPES.ociLayer, layer)),
    }),
  ),
};

async function pushImage(client: RegistryClient, name: string, access = {}): Promise<void> {
  for (const bytes of [...LAYERS, CONFIG]) await client.pushBlob(name, pushed(bytes), access);
  await client.pushManifest(name, 'v1', MANIFEST, access);
}

async function expectImage(client: RegistryClient, name: string, access = {}): Promise<void> {
  const manifest = await client.fetchManifest(name, 'v1', access);
  assert.equal([manifest.mediaType, manifest.digest], [MANIFEST.mediaType, sha256(MANIFEST.bytes)]);
  for (const bytes of [...LAYERS, CONFIG]) {
    const descriptor = describe('application/octet-stream', bytes);
    const options = { offset: 0, ...access };
    assert.ok((await collect(client.fetchBlob(name, descriptor, options))).equals(bytes));
  }
}

/** A test with a registry and a client for it; says so when it cannot run. */
function registryTest(
  name: string,
  options: DockerRegistryOptions,
  body: (registry: DockerRegistry, client: RegistryClient) => Promise<void>,
): void {
  test(name, async () => {
    await using registry = await DockerRegistry.start(options);
    await using client = makeClient();
    await body(registry, client);
  });
}

const absence = dockerRegistryAbsence();
if (absence) console.log(`skipped: ${absence}`);
else {
  registryTest('an image goes there and comes back', {}, async (registry, client) => {
    const name = `${registry.host}/team/app`;
    assert.is(await client.headManifest(name, 'v1', {}), undefined);
    await pushImage(client, name);
    await expectImage(client, name);
    assert.equal(
      await client.headManifest(name, 'v1', {}),
      describe(MANIFEST.mediaType, MANIFEST.bytes),
    );
    const [layer = CONFIG] = LAYERS;
    assert.equal(await client.pushBlob(name, pushed(layer), {}), { kind: 'present' });
    const descriptor = describe(MEDIA_TYPES.ociLayer, layer);
    const rest = await collect(client.fetchBlob(name, descriptor, { offset: 3 * MIB }));
    assert.ok(rest.equals(layer.subarray(3 * MIB)));
    assert.is(
      await failureOf(client.fetchManifest(name, 'v2', {})),
      `not-found: manifest for ${name}:v2 not found: manifest unknown: manifest unknown`,
    );
  });

  registryTest('a blob is mounted from another repository', {}, async (registry, client) => {
    const { host } = registry;
    await client.pushBlob(`${host}/base`, pushed(CONFIG), {});
    const blob = pushed(CONFIG, [`${host}/absent`, `${host}/base`]);
    const outcome = await client.pushBlob(`${host}/team/app`, blob, {});
    assert.equal(outcome, { kind: 'mounted', from: `${host}/base` });
    const descriptor = describe(MEDIA_TYPES.ociConfig, CONFIG);
    const bytes = await collect(client.fetchBlob(`${host}/team/app`, descriptor, { offset: 0 }));
    assert.ok(bytes.equals(CONFIG));
  });

  registryTest('connections that break in the middle', {}, async (registry, client) => {
    await using proxy = await BreakingProxy.start(registry.host);
    const name = `${proxy.host}/team/app`;
    proxy.breakNext('up', 2.5 * MIB);
    await pushImage(client, name);
    assert.is(proxy.brokenCount, 1);
    proxy.breakNext('down', MIB, 4);
    await expectImage(client, name);
    assert.is(proxy.brokenCount, 5);
  });

  registryTest('tags and repositories are listed', {}, async (registry, client) => {
    const { host } = registry;
    await pushImage(client, `${host}/team/app`);
    await client.pushManifest(`${host}/team/app`, 'latest', MANIFEST, {});
    assert.equal(await client.listTags(`${host}/team/app`, 10, {}), ['latest', 'v1']);
    const found = await client.search(host, 'APP', 10, {});
    assert.equal(
      found.map(({ name }) => name),
      [`${host}/team/app`],
    );
    assert.match(
      await failureOf(client.listTags(`${host}/none`, 10, {})),
      /^not-found: .*repository name not known to registry$/,
    );
  });

  registryTest('content that is not what its digest says', {}, async (registry, client) => {
    const blob = { ...pushed(CONFIG), digest: sha256(MANIFEST.bytes) };
    assert.match(
      await failureOf(client.pushBlob(`${registry.host}/app`, blob, {})),
      /^invalid-argument: .*digest invalid: provided digest did not match uploaded content$/,
    );
  });

  registryTest('a password', { hasPassword: true }, async (registry, client) => {
    const access = { credentials: REGISTRY_USER };
    const name = `${registry.host}/team/app`;
    assert.equal(await client.logIn(registry.host, access), {});
    await pushImage(client, name, access);
    await expectImage(client, name, access);
    assert.is(
      await failureOf(client.pushBlob(name, pushed(CONFIG), {})),
      'unauthenticated: unauthorized: authentication required',
    );
    const wrong = { credentials: { ...REGISTRY_USER, password: 'wrong' } };
    assert.match(
      await failureOf(client.logIn(registry.host, wrong)),
      /^unauthenticated: login attempt to .* failed: unauthorized: authentication required$/,
    );
  });

  if (spawnSync('skopeo', ['--version']).status !== 0) console.log('skipped: there is no skopeo');
  else {
    registryTest('skopeo reads what was pushed', {}, async (registry, client) => {
      await pushImage(client, `${registry.host}/team/app`);
      const image = `docker://${registry.host}/team/app:v1`;
      const { stdout, stderr } = spawnSync('skopeo', ['inspect', '--tls-verify=false', image]);
      assert.is(stderr.toString(), '');
      const { Digest: digest, Layers: layers } = JSON.parse(stdout.toString());
      assert.equal([digest, layers], [sha256(MANIFEST.bytes), LAYERS.map(sha256)]);
    });
  }
}

const tlsAbsence = absence ?? opensslAbsence();
if (tlsAbsence) console.log(`skipped: certificates: ${tlsAbsence}`);
else {
  test('a certificate of an own authority', async () => {
    using certificates = new TestCertificates();
    await using registry = await DockerRegistry.start({ tls: certificates.server });
    const folder = mkdtempSync(join(tmpdir(), 'wolffia-certs-d-'));
    await using client = makeClient({ certificateDirectories: [folder] });
    const name = `${registry.host}/team/app`;
    // Loopback needs no certificate that anybody trusts.
    await pushImage(client, name);
    await expectImage(client, name);
    await using strict = makeClient({ certificateDirectories: [folder] });
    mkdirSync(join(folder, registry.host));
    const authority = join(folder, registry.host, 'ca.crt');
    copyFileSync(certificates.stranger, authority);
    assert.match(
      await failureOf(strict.fetchManifest(name, 'v1', {})),
      /^unavailable: .*: its certificate is signed by an unknown authority: put that into /,
    );
    // It is read again, without a new client.
    copyFileSync(certificates.authority, authority);
    await expectImage(strict, name);
    rmSync(folder, { recursive: true });
  });

  test('a registry that wants a certificate of its clients', async () => {
    using certificates = new TestCertificates();
    const tls = { ...certificates.server, clientAuthority: certificates.authority };
    await using registry = await DockerRegistry.start({ tls });
    const folder = mkdtempSync(join(tmpdir(), 'wolffia-certs-d-'));
    const own = join(folder, registry.host);
    mkdirSync(own);
    copyFileSync(certificates.authority, join(own, 'ca.crt'));
    await using client = makeClient({ certificateDirectories: [folder] });
    const name = `${registry.host}/team/app`;
    assert.match(
      await failureOf(client.fetchManifest(name, 'v1', {})),
      /^unavailable: .*: it wants to know a certificate of ours: put that into /,
    );
    copyFileSync(certificates.client.certificate, join(own, 'client.cert'));
    copyFileSync(certificates.client.key, join(own, 'client.key'));
    await pushImage(client, name);
    await expectImage(client, name);
    rmSync(folder, { recursive: true });
  });
}

test.run();
