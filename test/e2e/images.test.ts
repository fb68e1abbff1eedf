import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture } from './engine-fixture.ts';

// The images that come with wolffia, on real input.
const test = suite('images');
const engine = new EngineFixture();

test.before(() => engine.importFixtures());
test.after(() => engine[Symbol.asyncDispose]());

test('hello-world', () => {
  const { exitCode, stdout, stderr } = engine.run(['run', '--rm', 'hello-world']);
  assert.is(exitCode, 0, stderr);
  assert.match(stdout, 'Hello from Wolffia!');
  assert.match(stderr, "Unable to find image 'hello-world:latest' locally");
  assert.is(engine.run(['run', '--rm', 'hello-world']).stderr, '');
});

test('Python, PHP, Ruby and C count the same words', () => {
  // Words of very different lengths, over a megabyte.
  let seed = 7;
  const words: string[] = [];
  for (let size = 0; size < 1_000_000; ) {
    seed = (seed * 48_271) % 2_147_483_647;
    const word = 'wolffia-arrhiza'.slice(0, 1 + (seed % 15)) + (seed % 11 === 0 ? '\n' : '');
    words.push(word);
    size += word.length + 1;
  }
  const text = words.join(' ');
  engine.write('work/book.txt', text);
  engine.write(
    'work/count.py',
    'import sys\nd = open(sys.argv[1], "rb").read()\nprint(d.count(b"\\n"), len(d.split()), len(d))\n',
  );
  engine.write(
    'work/count.php',
    '<?php $d = file_get_contents($argv[1]); echo substr_count($d, "\\n"), " ", count(preg_split("/\\s+/", $d, -1, PREG_SPLIT_NO_EMPTY)), " ", strlen($d), "\\n";',
  );
  engine.write(
    'work/count.rb',
    'd = File.binread(ARGV[0]); puts "#{d.count("\\n")} #{d.split.size} #{d.size}"',
  );
  const expected = `${text.split('\n').length - 1} ${text.split(/\s+/).filter(Boolean).length} ${text.length}`;
  const count = (...command: readonly string[]): string =>
    engine.ok('run', '--rm', '-v', `${engine.path('work')}:/data`, ...command, '/data/book.txt');
  assert.is(count('fixtures', '/wordcount'), expected);
  assert.is(count('python', '/data/count.py'), expected);
  assert.is(count('php', '/data/count.php'), expected);
  assert.is(count('ruby', '/data/count.rb'), expected);
});

test('Python sleeps, selects, and keeps files', () => {
  const script =
    'import time, select, json, os\nt = time.monotonic(); time.sleep(0.05); select.select([], [], [], 0.05)\nassert time.monotonic() - t >= 0.1\njson.dump({"a": [1]}, open("/tmp/x", "w")); print(open("/tmp/x").read(), sorted(os.listdir("/tmp")))';
  assert.is(engine.ok('run', '--rm', 'python', '-c', script), '{"a": [1]} [\'x\']');
  assert.is(engine.run(['run', '--rm', 'python', '-c', 'raise SystemExit(3)']).exitCode, 3);
});

test('Ruby sleeps, and keeps files', () => {
  const script =
    't = Time.now; sleep 0.1; raise if Time.now - t < 0.1; require "json"; File.write("/tmp/x", [1].to_json); puts File.read("/tmp/x"), Dir.children("/tmp").inspect, RUBY_VERSION';
  assert.is(engine.ok('run', '--rm', 'ruby', '-e', script), '[1]\n["x"]\n3.2.0');
  assert.is(engine.run(['run', '--rm', 'ruby', '-e', 'exit 3']).exitCode, 3);
});

test('128 MiB through standard input and output are the same', () => {
  const input = Buffer.alloc(128 * 1024 * 1024);
  for (let at = 0; at < input.length; at += 4) input.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  const script =
    'import sys, hashlib\nh = hashlib.sha256()\nwhile b := sys.stdin.buffer.read(1 << 20):\n  h.update(b)\nprint(h.hexdigest())';
  const { stdout } = engine.run(['run', '-i', '--rm', 'python', '-c', script], { input });
  const digest = createHash('sha256').update(input).digest('hex');
  assert.is(stdout.trim(), digest);
});

test('forty containers at once, with a few that fail', () => {
  const names = Array.from({ length: 40 }, (_, index) => `py${index}`);
  for (const name of names) {
    engine.ok(
      'create',
      '--name',
      name,
      'python',
      '-c',
      `import time; time.sleep(1); print("${name} done")`,
    );
  }
  const bad = ['trap', 'overflow', 'wild'];
  for (const how of bad) engine.ok('create', '--name', how, 'fixtures', '/behave', how);
  engine.ok('create', '--name', 'three', 'fixtures', '/behave', 'exit', '3');
  engine.ok('start', ...names.slice(0, 20), ...bad, 'three', ...names.slice(20));
  assert.is(
    engine.ok('wait', ...names, ...bad, 'three'),
    [...names.map(() => 0), 134, 139, 139, 3].join('\n'),
  );
  for (const name of names) assert.is(engine.ok('logs', name), `${name} done`);
  engine.ok('rm', ...names, ...bad, 'three');
});

test('listing, tagging and removing', () => {
  const id = engine.ok('images', '-q', 'fixtures');
  assert.match(id, /^[0-9a-f]{12}$/);
  engine.ok('tag', 'fixtures', 'second:v2');
  assert.match(engine.run(['rmi', id]).stderr, 'must be forced');
  assert.is(engine.ok('rmi', 'second:v2'), 'Untagged: second:v2');
  assert.is(
    engine.ok('inspect', '--type', 'image', '-f', '{{json .RepoTags}}', 'fixtures'),
    '["fixtures:latest"]',
  );
  assert.match(engine.ok('rmi', 'fixtures'), /^Untagged: fixtures:latest\nDeleted: sha256:/);
  assert.is(engine.ok('images', '-q', 'fixtures'), '');
});

test.run();
