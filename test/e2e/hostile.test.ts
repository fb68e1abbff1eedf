import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { archiveDirectory } from '../../src/archive/directory-archive.ts';
import { HOSTILE_MODULES } from '../fake/hostile-modules.ts';
import { EngineFixture, until } from './engine-fixture.ts';

// Guests that mean harm, all at once in one cell, beside one that only counts: they harm
// themselves.
const test = suite('hostile');
const engine = new EngineFixture();
const slug = (name: string): string => name.replaceAll(/\W+/g, '-');

test.before(async () => {
  await engine.importFixtures();
  // One image for all, so that they are packed into one cell.
  const files = engine.path('fixtures');
  for (const { name, build } of HOSTILE_MODULES) {
    writeFileSync(`${files}/${slug(name)}`, await build(), { mode: 0o755 });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of archiveDirectory(files)) chunks.push(chunk);
  const result = engine.run(['import', '-', 'hostile'], { input: Buffer.concat(chunks) });
  assert.is(result.exitCode, 0, result.stderr);
});

test.after(() => engine[Symbol.asyncDispose]());

const LIMITS = ['--isolation', 'dense', '--memory', '256m'] as const;

/** How far the bystander has counted. */
const counted = (): number => Number(engine.ok('logs', '--tail', '1', 'bystander'));

test('modules that ask for too much are refused before they are compiled', () => {
  for (const { name, fate } of HOSTILE_MODULES) {
    if (fate.kind !== 'refused') continue;
    const { exitCode, stderr } = engine.run([
      'run',
      '--rm',
      ...LIMITS,
      'hostile',
      `/${slug(name)}`,
    ]);
    assert.is(exitCode, 126, `${name}: ${stderr}`);
    assert.match(stderr, fate.reason);
  }
});

test('those that run do no harm to others, and can be killed', async () => {
  engine.ok('run', '-d', '--name', 'bystander', ...LIMITS, 'hostile', '/behave', 'count');
  await until(() => counted() > 2, 'the bystander counts');
  const cell = engine.ok('inspect', '-f', '{{.State.Pid}}', 'bystander');
  const running = HOSTILE_MODULES.filter(({ fate }) => fate.kind !== 'refused');
  for (const { name } of running) {
    engine.ok('create', '--name', slug(name), ...LIMITS, 'hostile', `/${slug(name)}`);
  }
  const killed = running.filter(({ fate }) => fate.kind === 'killed').map(({ name }) => slug(name));
  engine.run(['start', ...running.map(({ name }) => slug(name))]);
  assert.equal(
    engine.ok('inspect', '-f', '{{.State.Status}} {{.State.Pid}}', ...killed).split('\n'),
    killed.map(() => `running ${cell}`),
    'all share the cell',
  );
  const before = counted();
  await until(() => counted() > before + 2, 'the bystander goes on beside all of them');

  engine.ok('kill', ...killed);
  assert.equal(
    engine.ok('wait', ...killed).split('\n'),
    killed.map(() => '137'),
  );
  const over = running.filter(({ fate }) => fate.kind === 'traps').map(({ name }) => slug(name));
  const codes = engine.ok('inspect', '-f', '{{.Name}} {{.State.ExitCode}}', ...over).split('\n');
  for (const line of codes) {
    // Who tries to catch its own exit exits with what it said.
    assert.match(line, line.includes('around-exit') ? / 0$/ : / (134|136|137|139)$/);
  }
  const after = counted();
  await until(() => counted() > after + 2, 'the bystander goes on after them');
  assert.is(engine.ok('inspect', '-f', '{{.State.Pid}}', 'bystander'), cell);
});

test.run();
