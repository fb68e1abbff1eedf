import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { readDaemonConfig } from '../../../src/main/daemon-config.ts';

const test = suite('daemon configuration');

let home = '';
test.before.each(() => {
  home = mkdtempSync(join(tmpdir(), 'wolffia-config-'));
});
test.after.each(() => rmSync(home, { recursive: true }));

function read(flags: Parameters<typeof readDaemonConfig>[0]['flags'] = {}) {
  return readDaemonConfig({
    flags,
    env: { XDG_CONFIG_HOME: home },
    platform: 'linux',
    homeDirectory: '/home/nobody',
  });
}

function writeConfig(text: string): string {
  mkdirSync(join(home, 'wolffia'), { recursive: true });
  const path = join(home, 'wolffia', 'daemon.json');
  writeFileSync(path, text);
  return path;
}

test('without a file there is nothing but where certificates may be', () => {
  const { mirrors, insecureRegistries, certificateDirectories } = read();
  assert.equal([mirrors, insecureRegistries], [[], []]);
  assert.equal(certificateDirectories, [
    join(home, 'wolffia', 'certs.d'),
    join(home, 'docker', 'certs.d'),
    '/etc/docker/certs.d',
    '/etc/containers/certs.d',
  ]);
});

test('flags come before the file', () => {
  writeConfig('{"registry-mirrors": ["https://b"], "insecure-registries": ["10.0.0.0/8"]}');
  const config = read({ 'registry-mirror': ['https://a'], 'insecure-registry': ['r:5000'] });
  assert.equal(config.mirrors, ['https://a', 'https://b']);
  assert.equal(config.insecureRegistries, ['r:5000', '10.0.0.0/8']);
});

for (const [name, text, pattern] of [
  ['an unknown directive', '{"registry-mirors": []}', /daemon\.json: .*registry-mirors/],
  ['a value of another type', '{"registry-mirrors": "https://a"}', /registry-mirrors/],
  ['what is no JSON', '{', /JSON/],
] as const) {
  test(`${name} is refused, and the file named`, () => {
    writeConfig(text);
    assert.throws(
      () => read(),
      (thrown: unknown) =>
        thrown instanceof EngineError &&
        thrown.kind === 'invalid-argument' &&
        thrown.message.includes(join(home, 'wolffia', 'daemon.json')) &&
        pattern.test(thrown.message),
    );
  });
}

test('a file that was asked for must be there', () => {
  assert.throws(() => read({ 'config-file': join(home, 'none.json') }), /none\.json/);
});

test.run();
