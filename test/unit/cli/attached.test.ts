import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { runCommandLine } from '../../../src/cli/command-line.ts';
import { FakeApi } from '../../fake/fake-api.ts';
import type { FakeProcess } from '../../fake/fake-runtime.ts';
import { FakeTerminal } from '../../fake/fake-terminal.ts';

const MAX_TURNS = 20_000;

/** Resolves when the condition holds. */
async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !isTrue(); turn++) {
    if (turn > MAX_TURNS) throw new Error(`it does not come true: ${what}`);
    await new Promise(setImmediate);
  }
}

/** Runs a command of ours against the fake engine; answers its exit code. */
function run(api: FakeApi, terminal: FakeTerminal, ...args: readonly string[]): Promise<number> {
  return runCommandLine(args, terminal, '0', () => ({
    terminal,
    paths: {
      dataRoot: api.fake.dataRoot,
      host: '',
      socketPath: api.socketPath,
      logPath: '',
    },
    engine: api.client,
    presentEngine: api.client,
    startDaemon: () => Promise.reject(new Error('there is one')),
    now: () => 0,
    isProcessAlive: () => false,
    clientFacts: { version: '0', nodeVersion: '' },
  }));
}

/** The process of the `count`th exec. */
async function execOf({ fake }: FakeApi, count = 1): Promise<FakeProcess> {
  await until(() => fake.runtime.task.execs.length >= count, 'an exec runs');
  return fake.runtime.task.lastExec;
}

test('exec -it: raw mode, sizes, keys, and the exit code', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const terminal = new FakeTerminal({ isTerminal: true });
  const ended = run(api, terminal, 'exec', '-it', '-e', 'A=1', '-u', '5', '-w', '/tmp', id, 'sh');
  const process = await execOf(api);
  await until(() => terminal.isRaw, 'raw mode');
  const { args, env, user, workingDirectory, window, hasStdin } = process.spec;
  assert.equal([args, user, workingDirectory, hasStdin], [['sh'], '5', '/tmp', true]);
  assert.equal(window, { columns: 80, rows: 24 });
  assert.ok(env.includes('A=1'));
  terminal.stdin.write('ls\r');
  await until(() => process.input === 'ls\r', 'keys arrive');
  terminal.size = { columns: 90, rows: 30 };
  terminal.signal('SIGWINCH');
  await until(() => process.calls.includes('resize 90x30'), 'the size arrives');
  process.write('stdout', 'prompt');
  process.end({ exitCode: 9 });
  assert.is(await ended, 9);
  assert.is(terminal.shown, 'prompt');
  assert.not(terminal.isRaw);
  assert.is(terminal.listenerCount('SIGWINCH'), 0);
});

test('exec -it: detaching leaves the program, and the terminal as it was', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const terminal = new FakeTerminal({ isTerminal: true });
  const ended = run(api, terminal, 'exec', '-it', '--detach-keys', 'ctrl-x', id, 'sh');
  const process = await execOf(api);
  terminal.stdin.write('a\x10\x11\x18b');
  assert.is(await ended, 1);
  assert.is(terminal.complained, 'read escape sequence\n');
  assert.not(terminal.isRaw);
  assert.ok(process.isRunning);
  // The default keys are no keys when others were chosen, for the engine neither.
  await until(() => process.input !== '', 'keys arrive');
  assert.is(process.input, 'a\x10\x11');
});

test('the keys of the user’s Docker configuration count for all commands', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const folder = mkdtempSync(join(tmpdir(), 'wolffia-unit-'));
  writeFileSync(join(folder, 'config.json'), '{"detachKeys": "ctrl-a,d"}');
  const terminal = new FakeTerminal({ isTerminal: true });
  terminal.env['DOCKER_CONFIG'] = folder;
  const ended = run(api, terminal, 'exec', '-it', id, 'sh');
  await execOf(api);
  terminal.stdin.write('\x01d');
  assert.is(await ended, 1);
  assert.is(terminal.complained, 'read escape sequence\n');
  rmSync(folder, { recursive: true });
});

test('exec without a terminal: streams apart, no keys, the end of input', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  const terminal = new FakeTerminal({ isTerminal: false });
  const ended = run(api, terminal, 'exec', '-i', id, 'cat');
  const process = await execOf(api);
  assert.not(terminal.isRaw);
  terminal.stdin.end('a\x10\x11b');
  await until(() => process.hasInputEnded, 'the end of input arrives');
  assert.is(process.input, 'a\x10\x11b');
  process.write('stdout', 'out');
  process.write('stderr', 'err');
  process.end({ exitCode: 0 });
  assert.is(await ended, 0);
  assert.equal([terminal.shown, terminal.complained], ['out', 'err']);
});

test('what is no terminal is told before anything is made', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  for (const args of [
    ['exec', '-it', id, 'sh'],
    ['run', '-it', 'image'],
  ]) {
    const terminal = new FakeTerminal({ isTerminal: false });
    assert.is(await run(api, terminal, ...args), 1);
    assert.is(terminal.complained, 'the input device is not a TTY\n');
  }
  assert.is(api.fake.engine.containers.all().length, 1);
  assert.is(api.fake.runtime.task.execs.length, 0);
});

test('exec -d answers when it runs; what cannot be run is an error', async () => {
  await using api = await FakeApi.open();
  const id = await api.run();
  assert.is(await run(api, new FakeTerminal({ isTerminal: false }), 'exec', '-d', id, 'x'), 0);
  assert.ok(api.fake.runtime.task.lastExec.isRunning);
  api.fake.runtime.task.execFailure = new EngineError('not-found', 'exec: "x": not found');
  const terminal = new FakeTerminal({ isTerminal: true });
  assert.is(await run(api, terminal, 'exec', '-it', id, 'x'), 127);
  assert.is(terminal.shown, 'exec: "x": not found\r\n');
  assert.not(terminal.isRaw);
});

test('run -it: the size before the start, and detaching without a word', async () => {
  await using api = await FakeApi.open();
  const terminal = new FakeTerminal({ isTerminal: true });
  const ended = run(api, terminal, 'run', '-it', 'image');
  await until(() => api.fake.runtime.tasks.length === 1, 'it runs');
  const { task } = api.fake.runtime;
  assert.equal(task.spec.window, { columns: 80, rows: 24 });
  await until(() => terminal.isRaw, 'raw mode');
  // Keys make signals in the container; one that is sent to us is for us.
  assert.is(terminal.listenerCount('SIGINT'), 0);
  terminal.stdin.write('\x10\x11');
  assert.is(await ended, 0);
  assert.is(terminal.complained, '');
  assert.ok(task.isRunning);
  assert.not(task.hasInputEnded);
});

test('run -it: a start that fails leaves the terminal as it was', async () => {
  await using api = await FakeApi.open();
  api.fake.runtime.failure = new EngineError('not-found', 'exec: "x": executable file not found');
  const terminal = new FakeTerminal({ isTerminal: true });
  assert.is(await run(api, terminal, 'run', '-it', 'image', 'x'), 127);
  assert.not(terminal.isRaw);
});

test('run: signals go to the container, unless the user says otherwise', async () => {
  await using api = await FakeApi.open();
  const terminal = new FakeTerminal({ isTerminal: false });
  const ended = run(api, terminal, 'run', 'image');
  await until(() => terminal.listenerCount('SIGTERM') === 1, 'signals are listened for');
  await until(() => api.fake.runtime.tasks.length === 1, 'it runs');
  terminal.signal('SIGTERM');
  assert.is(await ended, 143);
  assert.is(terminal.listenerCount('SIGTERM'), 0);
  const other = new FakeTerminal({ isTerminal: false });
  const second = run(api, other, 'run', '--sig-proxy=false', 'image');
  await until(() => api.fake.runtime.tasks.length === 2, 'it runs');
  assert.is(other.listenerCount('SIGTERM'), 0);
  api.fake.runtime.task.end({ exitCode: 3 });
  assert.is(await second, 3);
});

test('attach: a terminal of another size first, so that the program draws its screen', async () => {
  await using api = await FakeApi.open();
  const { Id: id } = await api.post<{ Id: string }>('/containers/create', {
    Image: 'image',
    Tty: true,
    OpenStdin: true,
  });
  const terminal = new FakeTerminal({ isTerminal: true });
  assert.is(await run(api, terminal, 'attach', id), 1);
  assert.is(terminal.complained, 'cannot attach to a stopped container, start it first\n');
  await api.post(`/containers/${id}/start`);
  const { task } = api.fake.runtime;
  const ended = run(api, terminal, 'attach', id);
  await until(() => task.calls.length === 2, 'it has been told the sizes');
  assert.equal(task.calls, ['resize 81x25', 'resize 80x24']);
  task.end({ exitCode: 2 });
  assert.is(await ended, 2);
  assert.not(terminal.isRaw);
});

test.run();
