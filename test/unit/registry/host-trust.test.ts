import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readHostCertificates } from '../../../src/registry/certificates.ts';
import { HostTrust } from '../../../src/registry/host-trust.ts';

function trustIn(
  insecureRegistries: readonly string[],
  addresses: readonly string[] = [],
): (host: string) => Promise<boolean> {
  const settings = { insecureRegistries, certificateDirectories: [], environment: {} };
  const trust = new HostTrust(settings, async () => addresses);
  return (host) => trust.isInsecure(host);
}

test('loopback is insecure, and what only looks like it is not', async () => {
  const isInsecure = trustIn([]);
  for (const host of ['localhost', 'LOCALHOST:5000', '127.0.0.1', '127.9.9.9:80', '[::1]:5000']) {
    assert.ok(await isInsecure(host), host);
  }
  for (const host of ['localhost.example', '127.0.0.1.example:80', '128.0.0.1', '[::2]', 'x']) {
    assert.not(await isInsecure(host), host);
  }
});

test('a name with its port, or any port of a name', async () => {
  const isInsecure = trustIn(['a.example:5000', 'B.example']);
  assert.ok(await isInsecure('a.example:5000'));
  assert.not(await isInsecure('a.example'));
  assert.not(await isInsecure('a.example:5001'));
  assert.ok(await isInsecure('b.example'));
  assert.ok(await isInsecure('b.example:1'));
});

test('addresses and names in a range', async () => {
  const isInsecure = trustIn(['10.1.0.0/16', 'fd00::/8'], ['192.0.2.1', 'fd00::7']);
  assert.ok(await isInsecure('10.1.2.3:5000'));
  assert.not(await isInsecure('10.2.2.3:5000'));
  assert.ok(await isInsecure('[fd12::1]:5000'));
  assert.not(await isInsecure('[fe80::1]'));
  assert.ok(await isInsecure('registry.example'));
  assert.not(await trustIn(['10.0.0.0/8'], ['192.0.2.1'])('registry.example'));
  assert.not(await trustIn(['10.0.0.0/8'], [])('nowhere.example'));
});

/** A folder like `certs.d`, with these files. */
function withFiles(files: Readonly<Record<string, string>>, body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'wolffia-certs-d-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the first folder that there is for the host', () => {
  const files = {
    'one/b:1/ca.crt': 'B1',
    'two/b:1/ca.crt': 'B2',
    'two/a/ca.crt': 'A',
    'two/a/more.crt': 'A more',
    'two/a/ada.cert': 'certificate',
    'two/a/ada.key': 'key',
    'two/a/README': 'no certificate',
    'two/empty/README': '',
  };
  withFiles(files, (folder) => {
    const read = (host: string) =>
      readHostCertificates([join(folder, 'one'), join(folder, 'two'), '/nowhere'], host);
    assert.equal(read('b:1')?.authorities, ['B1']);
    assert.equal(read('a'), {
      authorities: ['A', 'A more'],
      clientCertificates: ['certificate'],
      clientKeys: ['key'],
    });
    for (const host of ['a:1', 'b', 'empty', '..', '../two/a', '.', '', 'a/../a', '/']) {
      assert.is(read(host), undefined, host);
    }
  });
});

test('certificates that are of no use are told of', () => {
  const files = {
    'lonely/ada.cert': '',
    'keyless/ada.key': '',
    'folder/ca.crt/x': '',
    'large/ca.crt': 'x'.repeat(4 * 1024 * 1024 + 1),
  };
  withFiles(files, (folder) => {
    for (const [host, words] of [
      ['lonely', 'missing key ada.key for client certificate ada.cert'],
      ['keyless', 'missing client certificate for key ada.key'],
      ['folder', 'no file of PEM'],
      ['large', 'no file of PEM'],
    ] as const) {
      assert.throws(
        () => readHostCertificates([folder], host),
        (error: Error) => error.message.includes(words),
      );
    }
  });
  const isRoot = process.getuid?.() === 0;
  if (process.platform === 'win32' || isRoot) return;
  withFiles({ 'root/a/ca.crt': '' }, (folder) => {
    chmodSync(join(folder, 'root'), 0);
    // Root's folders are not for us, and no reason to refuse.
    assert.is(readHostCertificates([join(folder, 'root')], 'a'), undefined);
    chmodSync(join(folder, 'root'), 0o700);
  });
});

test.run();
