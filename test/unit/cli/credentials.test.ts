import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CredentialStore } from '../../../src/cli/credentials/credential-store.ts';
import { authHeaderFor } from '../../../src/cli/credentials/registry-auth.ts';
import { parseRegistryAuth } from '../../../src/wire/registry-auth.ts';
import { FakeTerminal } from '../../fake/fake-terminal.ts';

/** A user's Docker configuration, and programs, in a folder of its own. */
class Home implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'wolffia-unit-'));
  readonly path = join(this.directory, 'docker', 'config.json');
  readonly store = new CredentialStore(this.env);

  constructor(config?: object | string) {
    mkdirSync(join(this.directory, 'bin'));
    if (config === undefined) return;
    mkdirSync(join(this.directory, 'docker'));
    writeFileSync(this.path, typeof config === 'string' ? config : JSON.stringify(config));
  }

  get env(): Record<string, string | undefined> {
    return {
      DOCKER_CONFIG: join(this.directory, 'docker'),
      PATH: `${join(this.directory, 'bin')}:/usr/bin:/bin`,
      // For the helper below.
      KEPT: join(this.directory, 'kept'),
    };
  }

  get config(): unknown {
    return JSON.parse(readFileSync(this.path, 'utf8'));
  }

  addHelper(name: string, script: string): void {
    const path = join(this.directory, 'bin', `docker-credential-${name}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Keeps what it is given in a file a registry. */
const HELPER = `
mkdir -p "$KEPT"
input=$(cat)
name() { printf '%s' "$1" | tr -c 'a-z0-9.\\n' _; }
case $1 in
store)
  server=$(printf '%s' "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
  printf '%s' "$input" > "$KEPT/$(name "$server")" ;;
get)
  file=$KEPT/$(name "$input")
  if [ ! -e "$file" ]; then echo 'credentials not found in native keychain'; exit 1; fi
  cat "$file" ;;
erase) rm -f "$KEPT/$(name "$input")" ;;
esac`;

const ADA = { username: 'ada', password: 'pass:word' };
const AUTH_OF_ADA = Buffer.from('ada:pass:word').toString('base64');

test('the file is kept otherwise as it is, for its owner alone', async () => {
  const others = { detachKeys: 'ctrl-x', proxies: { default: { httpProxy: 'http://p' } } };
  const known = { 'ghcr.io': { auth: 'Ym9iOng=', email: 'b@example.org' } };
  using home = new Home({ ...others, auths: known });
  await home.store.save('localhost:5000', ADA);
  assert.equal(home.config, {
    ...others,
    auths: { ...known, 'localhost:5000': { auth: AUTH_OF_ADA } },
  });
  assert.is(statSync(home.path).mode & 0o777, 0o600);
  assert.match(readFileSync(home.path, 'utf8'), '{\n\t"detachKeys": "ctrl-x"');
  assert.equal(await home.store.find('localhost:5000'), ADA);
  assert.is(home.store.plainFileOf('localhost:5000'), home.path);
  await home.store.erase('localhost:5000');
  assert.equal(home.config, { ...others, auths: known });
  assert.equal(readdirSync(join(home.directory, 'docker')), ['config.json']);
});

test('there need be no file, nor a folder', async () => {
  using home = new Home();
  assert.is(await home.store.find('ghcr.io'), undefined);
  await home.store.save('ghcr.io', ADA);
  assert.equal(home.config, { auths: { 'ghcr.io': { auth: AUTH_OF_ADA } } });
});

test('a link to a file that is kept elsewhere stays one', async () => {
  using home = new Home('');
  const elsewhere = join(home.directory, 'dotfiles.json');
  writeFileSync(elsewhere, '{"credHelpers":{}}');
  rmSync(home.path);
  symlinkSync(elsewhere, home.path);
  await home.store.save('ghcr.io', ADA);
  assert.ok(lstatSync(home.path).isSymbolicLink());
  assert.equal(JSON.parse(readFileSync(elsewhere, 'utf8')), {
    credHelpers: {},
    auths: { 'ghcr.io': { auth: AUTH_OF_ADA } },
  });
});

test('registries by the names that clients of all ages gave them', async () => {
  const entry = { auth: AUTH_OF_ADA };
  using home = new Home({
    auths: {
      'https://index.docker.io/v1/': entry,
      'https://ghcr.io/v2/': entry,
      'quay.io': { username: 'ada', password: 'pass:word' },
      'old.example': { auth: Buffer.from('ada:pass:word\0\0').toString('base64') },
      'token.example': { auth: 'YWRhOg==', identitytoken: 'refresh' },
      'registry.example': { registrytoken: 'bearer' },
      'empty.example': {},
    },
  });
  for (const name of ['docker.io', 'ghcr.io', 'quay.io', 'old.example']) {
    assert.equal(await home.store.find(name), ADA, name);
  }
  assert.equal(await home.store.find('token.example'), {
    username: 'ada',
    password: '',
    identityToken: 'refresh',
  });
  assert.is((await home.store.find('registry.example'))?.registryToken, 'bearer');
  for (const name of ['empty.example', 'ghcr.io.evil.example', 'io']) {
    assert.is(await home.store.find(name), undefined, name);
  }
  // All that is said of one registry goes, however it is called.
  await home.store.erase('ghcr.io');
  await home.store.erase('docker.io');
  assert.equal(Object.keys(Object(home.config).auths).sort(), [
    'empty.example',
    'old.example',
    'quay.io',
    'registry.example',
    'token.example',
  ]);
});

test('a helper keeps secrets, and the file says only that there are some', async () => {
  using home = new Home({ credsStore: 'kept', credHelpers: { 'own.example': 'other' } });
  home.addHelper('kept', HELPER);
  assert.is(home.store.plainFileOf('docker.io'), undefined);
  await home.store.save('docker.io', ADA);
  assert.equal(home.config, {
    credsStore: 'kept',
    credHelpers: { 'own.example': 'other' },
    auths: { 'https://index.docker.io/v1/': {} },
  });
  assert.equal(await home.store.find('docker.io'), ADA);
  await home.store.save('ghcr.io', { ...ADA, password: '', identityToken: 'refresh' });
  assert.equal(await home.store.find('ghcr.io'), {
    username: '',
    password: '',
    identityToken: 'refresh',
  });
  await home.store.erase('docker.io');
  assert.is(await home.store.find('docker.io'), undefined);
  // A registry may have a helper of its own.
  home.addHelper('other', 'echo \'{"ServerURL":"x","Username":"bob","Secret":"s"}\'');
  assert.equal(await home.store.find('own.example'), { username: 'bob', password: 's' });
});

async function headerOf(home: Home, reference: string) {
  const terminal = new FakeTerminal({ isTerminal: false });
  Object.assign(terminal.env, home.env);
  const headers = await authHeaderFor(reference, terminal);
  return { auth: parseRegistryAuth(headers['X-Registry-Auth']), complained: terminal.complained };
}

test('what is sent along with a request for an image', async () => {
  using home = new Home({ auths: { 'https://index.docker.io/v1/': { auth: AUTH_OF_ADA } } });
  assert.equal(await headerOf(home, 'python:3'), {
    auth: { ...ADA, serveraddress: 'https://index.docker.io/v1/' },
    complained: '',
  });
  assert.equal(await headerOf(home, 'ghcr.io/a/b'), { auth: {}, complained: '' });
});

test('a broken helper or file is told, and the registry is asked without', async () => {
  const cases: readonly (readonly [string, string | undefined, RegExp])[] = [
    ['broken', 'echo "no key ring"; exit 1', /docker-credential-broken: no key ring/],
    ['broken', 'echo not json', /its answer is no JSON/],
    ['broken', 'echo "{}"', /no Username and Secret/],
    ['broken', 'yes secret 2>/dev/null', /its answer is too long/],
    ['missing', undefined, /docker-credential-missing: .*ENOENT/],
    ['../evil', undefined, /invalid name of a credential helper/],
  ];
  for (const [name, script, expected] of cases) {
    using home = new Home({ credsStore: name });
    if (script !== undefined) home.addHelper(name, script);
    const { auth, complained } = await headerOf(home, 'python');
    assert.equal(auth, {});
    assert.match(complained, /^WARNING: no credentials for docker\.io: /);
    assert.match(complained, expected);
    assert.not.match(complained, 'not json');
  }
  for (const text of ['{', '[]', 'null']) {
    using home = new Home(text);
    const { complained } = await headerOf(home, 'python');
    assert.match(complained, /config\.json (?:is no valid JSON|holds no object)/);
    // What cannot be read must not be written over.
    await home.store.save('ghcr.io', ADA).then(
      () => assert.unreachable(),
      (thrown) => assert.match(thrown.message, 'mend it'),
    );
    assert.is(readFileSync(home.path, 'utf8'), text);
  }
});

test('odd entries are nothing, and do no harm', async () => {
  using home = new Home(
    '{"auths": {"a": 1, "b": null, "__proto__": {"auth": "YWRhOng="}, "c": {"auth": 5}}, "credHelpers": [], "credsStore": 7}',
  );
  for (const name of ['a', 'b', 'c', 'constructor']) {
    assert.is(await home.store.find(name), undefined);
  }
  await home.store.save('ghcr.io', ADA);
  assert.equal(await home.store.find('ghcr.io'), ADA);
});

test.run();
