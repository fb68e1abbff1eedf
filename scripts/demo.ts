import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// npm run demo: the whole story, as a new user would type it. It has an engine of its own in a
// temporary folder, shows each command before it runs it, fails when one answers what it should
// not, and leaves nothing behind but the cache of built images.

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(root, 'bin', 'wolffia.cjs');
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'wolffia-demo-')));
const environment = { ...process.env, WOLFFIA_DATA_ROOT: join(directory, 'engine') };
/** The first use of an image builds it, which may have to fetch a package of 100 MB. */
const COMMAND_TIMEOUT_MS = 600_000;

const say = (text: string): void => void process.stdout.write(text);
const chapter = (title: string): void => say(`\n\x1b[1m# ${title}\x1b[0m\n`);

/** Runs a command, shows it and what it prints; answers its standard output. */
function wolffia(...args: readonly string[]): string {
  return wolffiaExpecting(0, ...args);
}

function wolffiaExpecting(exitCode: number, ...args: readonly string[]): string {
  say(`\x1b[32m$ wolffia ${args.map(quoted).join(' ')}\x1b[0m\n`);
  const { status, stdout } = spawnSync(process.execPath, [cli, ...args], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: COMMAND_TIMEOUT_MS,
  });
  const output = stdout.toString();
  say(output);
  if (status !== exitCode) {
    throw new Error(`wolffia ${args.join(' ')}: exit code ${status} instead of ${exitCode}`);
  }
  return output;
}

function quoted(word: string): string {
  return /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function expect(output: string, wanted: string): void {
  if (!output.includes(wanted)) throw new Error(`expected "${wanted}" in the output`);
}

const WORDCOUNT = `import collections, re, sys
words = re.findall(r"[a-z]+", open(sys.argv[1]).read().lower())
for word, count in collections.Counter(words).most_common(3):
    print(f"{count:6} {word}")
`;

function writeInputs(): void {
  const data = join(directory, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'wordcount.py'), WORDCOUNT);
  const line = 'The duckweed has no roots, and the smallest duckweed of all is Wolffia.\n';
  writeFileSync(join(data, 'book.txt'), line.repeat(10_000));
  writeFileSync(
    join(data, 'count.php'),
    '<?php echo str_word_count(file_get_contents("/data/book.txt")), " words\\n";',
  );
}

async function tour(): Promise<void> {
  writeInputs();
  chapter('A first container. The image is built here, from its C source, on first use.');
  expect(wolffia('run', '--rm', 'hello-world'), 'Hello from Wolffia!');

  chapter('Python, with a folder of yours inside: the words of a book of 700 KB');
  const bind = `${join(directory, 'data')}:/data:ro`;
  const counts = ['run', '--rm', '-v', bind, 'python', '/data/wordcount.py', '/data/book.txt'];
  expect(wolffia(...counts), '20000 duckweed');

  chapter('PHP the same, and Python at the end of a pipe');
  expect(wolffia('run', '--rm', '-v', bind, 'php', '/data/count.php'), '130000 words');
  await pipeThroughPython();

  chapter('What a container may not do: its own root, and a read-only mount');
  const look = 'import os; print(sorted(os.listdir("/")), os.environ.get("HOME"))';
  expect(wolffia('run', '--rm', 'python', '-c', look), 'usr');
  const intrude = 'open("/data/x", "w")';
  const refused = ['run', '--rm', '-v', bind, 'python', '-c', intrude];
  wolffiaExpecting(1, ...refused);

  chapter('Ten at once in the background, each a green process in a cell');
  const work = (index: number): string =>
    `import time; time.sleep(1); print("container", ${index})`;
  for (let index = 1; index <= 10; index++) {
    wolffia('run', '-d', '--name', `worker-${index}`, 'python', '-c', work(index));
  }
  expect(wolffia('ps'), 'worker-10');
  const names = Array.from({ length: 10 }, (_, index) => `worker-${index + 1}`);
  wolffia('wait', ...names);
  expect(wolffia('logs', 'worker-7'), 'container 7');

  limits();

  chapter('Exit codes, traps and signals are what you know from Docker');
  wolffiaExpecting(3, 'run', '--rm', 'python', '-c', 'raise SystemExit(3)');
  wolffiaExpecting(127, 'run', '--rm', '--entrypoint', 'perl', 'python', '-v');
  wolffia('run', '-d', '--name', 'sleeper', 'python', '-c', 'import time; time.sleep(600)');
  wolffia('kill', 'sleeper');
  expect(wolffia('wait', 'sleeper'), '137');
}

/** CPU, memory and work, each bounded exactly, without root and without cgroups. */
function limits(): void {
  chapter('Limits: a quarter of a CPU, 64 MiB of memory, five hundred million units of work');
  const spin = 'while True: pass';
  wolffia('run', '-d', '--name', 'greedy', '--cpus', '0.25', '-m', '64m', 'python', '-c', spin);
  expect(wolffia('stats', '--no-stream', 'greedy'), '/ 64MiB');
  wolffia('pause', 'greedy');
  expect(wolffia('ps', '--filter', 'name=greedy'), '(Paused)');
  wolffia('unpause', 'greedy');
  wolffia('update', '--cpus', '0.5', 'greedy');
  wolffia('rm', '-f', 'greedy');
  const hoard = 'x = bytearray(100_000_000)';
  wolffiaExpecting(1, 'run', '--rm', '-m', '64m', 'python', '-c', hoard);
  wolffiaExpecting(137, 'run', '--name', 'spent', '--fuel', '500M', 'python', '-c', spin);
  const inspect = ['inspect', '--format', '{{.State.Error}}: {{.State.Wolffia.Fuel}}', 'spent'];
  expect(wolffia(...inspect), 'out of fuel');
}

async function pipeThroughPython(): Promise<void> {
  const shout = 'import sys; print(sys.stdin.read().upper(), end="")';
  const args = ['run', '-i', '--rm', 'python', '-c', shout];
  say(`\x1b[32m$ echo no roots at all | wolffia ${args.map(quoted).join(' ')}\x1b[0m\n`);
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end('no roots at all\n');
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  say(output);
  if (status !== 0) throw new Error(`python exited with ${String(status)}`);
  expect(output, 'NO ROOTS AT ALL');
}

function cleanUp(): void {
  chapter('Clean up');
  const left = spawnSync(process.execPath, [cli, 'ps', '-aq'], { env: environment });
  const ids = left.stdout.toString().split('\n').filter(Boolean);
  if (ids.length > 0) wolffia('rm', '-f', ...ids);
  wolffia('system', 'stop');
}

try {
  await tour();
  cleanUp();
  say('\nThat was all of it: no root, no virtual machine, nothing left behind.\n');
} catch (thrown) {
  process.stderr.write(`demo: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  spawnSync(process.execPath, [cli, 'system', 'stop'], { env: environment });
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
