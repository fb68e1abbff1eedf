import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileUnixSource } from '../suite/compile-source.ts';
import { EngineFixture, until } from './engine-fixture.ts';

const SOURCE = 'wasm/fixtures/processes.c';
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const engine = new EngineFixture();

test.before(async () => {
  const program = await compileUnixSource(SOURCE, { forks: true });
  await engine.importFolder('processes', { 'bin/processes': program });
});

test.after(() => engine[Symbol.asyncDispose]());

/** What the program of that source prints on Linux. */
const EXPECTED = `fork: exited 5
child of vfork
vfork: exited 7
child of spawn
spawn: exited 7
spawn of nothing: ENOENT
wait without children: -1 ECHILD
abort: killed by 6
parent of an orphan: exited 0
through a pipe
cat: exited 0
write to nobody: -1 EPIPE
writer to nobody: killed by 13
read of nothing: -1 EAGAIN
a pipe holds 65536
copy 100, closed on exec 1
read 14: through a fifo
fifo: exited 0
handled 10, of oneself 1
blocked: handled 0, pending 1
suspend: -1 EINTR
handled 10
sleep: -1 EINTR
handled 14, rest 1
read: -1 EINTR
interrupter: exited 0
read again: 1
restarter: exited 0
a loop: killed by 15
a loop with a handler: exited 4
stop: stopped by 19
continue: continued
kill: killed by 9
kill of nobody: -1 ESRCH
group: 1
group: killed by 15
session: exited 0
mode 100600
mode 104751
lock: 0
locked: exited 0
flock: 0
flock: -1 EAGAIN
flock: 0
in /folder
fds: 1
dup: -1 EMFILE
`;

test('a program does with processes, pipes, signals and locks what it does on Linux', () => {
  const ran = engine.run(['run', '--rm', 'processes', '/bin/processes', '/tmp']);
  assert.is(ran.stderr, '');
  assert.is(ran.stdout, EXPECTED);
  assert.is(ran.exitCode, 0);
});

test('the same as pid 2, below an init of ours', () => {
  const ran = engine.run(['run', '--rm', '--init', 'processes', '/bin/processes', '/tmp']);
  assert.is(ran.stdout, EXPECTED);
});

test('and on this machine natively, where it has a compiler', () => {
  const native = engine.path('native');
  const compiled = spawnSync('cc', ['-o', native, join(root, SOURCE)]);
  if (process.platform !== 'linux' || compiled.error || compiled.status !== 0) {
    console.log('skipped: this machine is no Linux with a C compiler (cc)');
    return;
  }
  mkdirSync(engine.path('native-data'));
  const ran = spawnSync(native, [engine.path('native-data')]);
  assert.is(ran.stdout.toString(), EXPECTED);
});

test('a limit of processes holds', () => {
  const ran = engine.run([
    'run',
    '--rm',
    '--pids-limit',
    '1',
    'processes',
    '/bin/processes',
    'one',
  ]);
  assert.is(ran.stdout, 'fork: -1 EAGAIN\n');
});

test('a fork bomb ends with its container, and does not keep its neighbour from running', async () => {
  const start = (...args: string[]): string =>
    engine.ok('run', '-d', '--isolation', 'dense', ...args);
  const neighbour = start('processes', '/bin/processes', 'count');
  const bomb = start('-m', '64m', 'processes', '/bin/processes', 'bomb');
  const count = (): number => Number(engine.ok('logs', '--tail', '1', neighbour));
  const pids = (): number =>
    Number(engine.ok('stats', '--no-stream', '--format', '{{.PIDs}}', bomb));
  await until(() => pids() > 50, 'the bomb goes off', 30_000);
  const before = count();
  await until(() => count() >= before + 20, 'the neighbour counts on', 30_000);
  engine.ok('rm', '-f', bomb);
  const after = count();
  await until(() => count() > after, 'and goes on', 30_000);
  engine.ok('rm', '-f', neighbour);
});

test.run();
