import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { FakeImageApi } from '../../fake/fake-image-api.ts';
import { FakeTerminal } from '../../fake/fake-terminal.ts';

/** Somebody who types each answer once its question is there. */
class Typist {
  readonly terminal = new FakeTerminal({ isTerminal: true });
  readonly #answers: [question: string, answer: string][];
  /** Whether the terminal was raw while that question was open. */
  readonly rawAt = new Map<string, boolean>();

  constructor(api: FakeImageApi, ...answers: [question: string, answer: string][]) {
    this.terminal.env['DOCKER_CONFIG'] = api.directory;
    this.#answers = answers;
    this.terminal.stdout.on('data', () => this.#answer());
  }

  #answer(): void {
    const [next] = this.#answers;
    if (!next || !this.terminal.shown.endsWith(next[0])) return;
    this.#answers.shift();
    // A command that asks goes on to raw mode in the same turn.
    setImmediate(() => {
      this.rawAt.set(next[0], this.terminal.isRaw);
      this.terminal.stdin.write(next[1]);
    });
  }
}

function authsOf(api: FakeImageApi): unknown {
  return JSON.parse(readFileSync(join(api.directory, 'config.json'), 'utf8')).auths;
}

function encoded(pair: string): { auth: string } {
  return { auth: Buffer.from(pair).toString('base64') };
}

test('asks for a name and a password, which is not shown', async () => {
  await using api = await FakeImageApi.open();
  const typist = new Typist(
    api,
    ['Username: ', 'ada\n'],
    ['Password: ', 'wrong\u0015sexx\u007f\u007fcret\r'],
  );
  assert.is(await api.run(typist.terminal, 'login', 'localhost:5000'), 0);
  assert.equal(
    [...typist.rawAt],
    [
      ['Username: ', false],
      ['Password: ', true],
    ],
  );
  assert.not.ok(typist.terminal.isRaw);
  assert.is(typist.terminal.shown, 'Username: Password: \nLogin Succeeded\n');
  assert.match(typist.terminal.complained, 'Your credentials are stored unencrypted');
  assert.equal(authsOf(api), { 'localhost:5000': encoded('ada:secret') });
  assert.equal(api.transfers.calls, ['login localhost:5000']);
  assert.equal(api.transfers.lastAccess?.credentials, { username: 'ada', password: 'secret' });
});

test('a name that is given is not asked for; ^C leaves, and the terminal is as before', async () => {
  await using api = await FakeImageApi.open();
  const typist = new Typist(api, ['Password: ', 'sec\u0003']);
  assert.is(await api.run(typist.terminal, 'login', '-u', 'ada'), 130);
  assert.not.ok(typist.terminal.isRaw);
  assert.equal(api.transfers.calls, []);
});

test('no password, no name, no end', async () => {
  await using api = await FakeImageApi.open();
  const cases: [[string, string][], string][] = [
    [[['Username: ', '\n']], 'Error: Non-null Username Required\n'],
    [
      [
        ['Username: ', 'ada\n'],
        ['Password: ', '\r'],
      ],
      'Error: Password Required\n',
    ],
    [[['Username: ', 'a'.repeat(5_000)]], 'the answer is too long\n'],
  ];
  for (const [answers, complaint] of cases) {
    const typist = new Typist(api, ...answers);
    assert.is(await api.run(typist.terminal, 'login', 'localhost:5000'), 1);
    assert.is(typist.terminal.complained, complaint);
  }
});

test('what is kept is tried first, and asked for anew when it does not do', async () => {
  await using api = await FakeImageApi.open();
  const kept = { auths: { 'https://index.docker.io/v1/': encoded('ada:old') } };
  writeFileSync(join(api.directory, 'config.json'), JSON.stringify(kept));
  const good = new Typist(api);
  assert.is(await api.run(good.terminal, 'login'), 0);
  assert.match(
    good.terminal.shown,
    /^Authenticating with existing credentials\.\.\. \[Username: ada\]\n/,
  );
  assert.match(good.terminal.shown, /\nLogin Succeeded\n$/);
  api.transfers.failure = new EngineError('unauthenticated', 'incorrect username or password');
  const typist = new Typist(api, ['Username: ', 'ada\n'], ['Password: ', 'new\n']);
  typist.terminal.stderr.on('data', () => {
    api.transfers.failure = undefined;
  });
  assert.is(await api.run(typist.terminal, 'login'), 0);
  assert.match(
    typist.terminal.complained,
    'Login did not succeed, error: incorrect username or password',
  );
  assert.equal(authsOf(api), { 'https://index.docker.io/v1/': encoded('ada:new') });
});

test('a token that the registry hands out is kept instead of the password', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.identityToken = 'refresh';
  const terminal = new FakeTerminal({ isTerminal: false });
  terminal.env['DOCKER_CONFIG'] = api.directory;
  terminal.stdin.end('secret\r\n');
  assert.is(await api.run(terminal, 'login', '-u', 'ada', '--password-stdin', 'quay.io'), 0);
  assert.equal(authsOf(api), { 'quay.io': { ...encoded('ada:'), identitytoken: 'refresh' } });
});

test('what a registry refuses is not kept', async () => {
  await using api = await FakeImageApi.open();
  api.transfers.failure = new EngineError('unauthenticated', 'Get "https://quay.io/v2/": denied');
  const terminal = new FakeTerminal({ isTerminal: false });
  terminal.env['DOCKER_CONFIG'] = api.directory;
  assert.is(await api.run(terminal, 'login', '-u', 'ada', '-p', 'x', 'quay.io'), 1);
  assert.match(
    terminal.complained,
    'Error response from daemon: Get "https://quay.io/v2/": denied',
  );
  assert.throws(() => authsOf(api), /ENOENT/);
});

test.run();
