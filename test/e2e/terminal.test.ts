import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture, until } from './engine-fixture.ts';
import { Screen, tmuxAbsence } from './tmux.ts';

// Programs on the terminal of a person: our own command and the stock docker, in tmux.
const test = suite('terminal');
const engine = new EngineFixture();

/** A screen on which `client` is a command; what it shows is empty but for the prompt. */
function open(client: string, columns?: number, rows?: number): Screen {
  const env = {
    ...engine.env({ WOLFFIA: engine.commandLine }),
    DOCKER_HOST: `unix://${engine.socketPath}`,
    DOCKER_CONFIG: engine.path('docker'),
  };
  const screen = new Screen(engine.directory, env, columns, rows);
  if (client === 'wolffia') screen.line(`wolffia() { ${engine.commandLine} "$@"; }`);
  screen.clear();
  return screen;
}

/** The words of `stty -a` that raw mode changes. */
const COOKED = ['icrnl', 'ixon', 'opost', 'isig', 'icanon', 'iexten', 'echo'];

/** Asserts that the terminal is as a shell wants it. */
async function requireCooked(screen: Screen): Promise<void> {
  screen.clear();
  screen.line('stty -a; echo do"ne"');
  const words = (await screen.shows('done')).split(/\s+/);
  for (const word of COOKED) assert.ok(words.includes(word), `${word} is off`);
}

const absence = tmuxAbsence();
const hasDocker = spawnSync('docker', ['--version']).status === 0;
const clients = hasDocker ? ['wolffia', 'docker'] : ['wolffia'];

if (absence === undefined) {
  test.before(() => engine.importFixtures());
  test.after(() => engine[Symbol.asyncDispose]());
  for (const client of clients) testClient(client);
  testOurs();
} else {
  process.stdout.write(`skipped: terminals: ${absence}\n`);
  test.skip('programs on a terminal', () => {});
}
if (!hasDocker) process.stdout.write('skipped: the docker command is not installed\n');

function testClient(client: string): void {
  test(`${client} run -it: lines are edited, ^D ends`, async () => {
    using screen = open(client);
    screen.line(`${client} run -it --rm fixtures /terminal lines`);
    await screen.shows(/^> *$/m);
    screen.type('héllo wörld');
    screen.keys('C-w');
    screen.type('€');
    screen.keys('BSpace', 'BSpace', 'BSpace', 'BSpace', 'BSpace', 'BSpace');
    await screen.shows(/^> h$/m);
    screen.keys('Enter');
    await screen.shows('line [h]');
    screen.type('gone');
    screen.keys('C-u', 'Enter');
    await screen.shows('line []');
    screen.keys('C-d');
    await screen.shows(/^> end$/m);
    await requireCooked(screen);
  });

  test(`${client} run -it: a program in raw mode gets every key`, async () => {
    using screen = open(client);
    screen.line(`${client} run -it --rm fixtures /terminal keys`);
    await screen.shows('keys:');
    screen.type('a');
    screen.keys('C-c', 'C-d', 'Enter', 'Up', 'C-z', 'C-s', 'C-v', 'BSpace');
    await screen.shows('keys: 97 3 4 13 27 91 65 26 19 22 127');
    screen.type('q');
    await screen.shows('cooked again');
    await requireCooked(screen);
  });

  test(`${client} run -it and exec -it: keys make signals`, async () => {
    using screen = open(client);
    const name = `idle-${client}`;
    engine.ok('run', '-d', '--rm', '--name', name, 'fixtures', '/behave', 'sleep', '600000');
    screen.line(`${client} exec -it ${name} /terminal signals; echo co"de" $?`);
    await screen.shows('ready');
    screen.keys('C-c');
    await screen.shows('^Csignal 2');
    screen.keys('C-\\');
    await screen.shows('^\\signal 3');
    screen.keys('C-z');
    await screen.shows('^Zsignal 20');
    await screen.shows('code 0');
    screen.line(`${client} run -it --rm fixtures /behave sleep 600000; echo co"de" $?`);
    await screen.shows('sleeping');
    screen.keys('C-c');
    await screen.shows('code 130');
    engine.ok('kill', name);
  });

  test(`${client}: the window's size, detaching, and attaching with a redraw`, async () => {
    using screen = open(client, 90, 20);
    const name = `sized-${client}`;
    screen.line(`${client} run -it --name ${name} fixtures /terminal size; echo co"de" $?`);
    await screen.shows('20 rows, 90 columns');
    screen.resize(70, 18);
    await screen.shows('18 rows, 70 columns');
    screen.keys('C-p', 'C-q');
    await screen.shows('code 0');
    assert.is(engine.ok('inspect', '-f', '{{.State.Status}}', name), 'running');
    screen.clear();
    screen.line(`${client} attach ${name}`);
    await screen.shows('18 rows, 70 columns');
    screen.keys('C-p', 'C-q');
    await screen.shows('read escape sequence');
    screen.clear();
    screen.line(`${client} exec -it --detach-keys ctrl-x,x ${name} /terminal size`);
    await screen.shows('18 rows, 70 columns');
    screen.resize(60, 16);
    await screen.shows('16 rows, 60 columns');
    screen.keys('C-p', 'C-q', 'C-x', 'x');
    await screen.shows('read escape sequence');
    await requireCooked(screen);
    engine.ok('rm', '-f', name);
  });

  test(`${client} exec: exit codes, and what is no terminal`, async () => {
    using screen = open(client);
    const name = `codes-${client}`;
    engine.ok('run', '-d', '--rm', '--name', name, 'fixtures', '/behave', 'sleep', '600000');
    screen.line(`${client} exec -it ${name} nothing; echo co"de" $?`);
    await screen.shows('exec: "nothing": executable file not found in $PATH');
    await screen.shows('code 127');
    screen.line(`${client} exec -t ${name} /behave tty; echo co"de" $?`);
    await screen.shows(/^1 1 1\ncode 0$/m);
    screen.line(`${client} exec ${name} /behave exit 7; echo co"de" $?`);
    await screen.shows('code 7');
    screen.line(`echo | ${client} exec -it ${name} /cat; echo co"de" $?`);
    await screen.shows(/^the input device is not a TTY\ncode 1$/m);
    screen.clear();
    screen.line(`echo | ${client} run -it fixtures /cat; echo co"de" $?`);
    await screen.shows(/^the input device is not a TTY\ncode 1$/m);
    engine.ok('kill', name);
  });
}

/** What only our own command promises. */
function testOurs(): void {
  for (const signal of ['TERM', 'HUP', 'INT', 'QUIT']) {
    test(`the terminal is restored when SIG${signal} ends the command`, async () => {
      using screen = open('wolffia');
      const run = 'run -it --rm fixtures /terminal lines';
      screen.line(`sh -c 'echo $$ >pid; exec $0 "$@"' $WOLFFIA ${run}`);
      await screen.shows(/^> *$/m);
      process.kill(Number(engine.read('pid')), `SIG${signal}`);
      await screen.shows(/[$#]$/);
      await requireCooked(screen);
      engine.ok('rm', '-f', ...engine.ok('ps', '-q').split('\n'));
    });
  }

  test('the terminal is restored when the daemon is killed', async () => {
    using screen = open('wolffia');
    screen.line('wolffia run -it --rm fixtures /terminal lines; echo co"de" $?');
    await screen.shows(/^> *$/m);
    process.kill(engine.daemonPid(), 'SIGKILL');
    await screen.shows('code 1');
    await requireCooked(screen);
    await until(() => engine.ok('ps', '-aq') === '', 'a new daemon has cleaned up');
  });

  test('start -ai: a container again, on a terminal', async () => {
    using screen = open('wolffia');
    screen.line(
      'wolffia create -it --name again fixtures /terminal lines; wolffia start -ai again',
    );
    await screen.shows(/^> *$/m);
    screen.line('one');
    await screen.shows('line [one]');
    screen.keys('C-d');
    await screen.shows(/^> end$/m);
    screen.clear();
    screen.line('wolffia start -ai again; echo co"de" $?');
    await screen.shows(/^> *$/m);
    screen.keys('C-d');
    await screen.shows('code 0');
    await requireCooked(screen);
    engine.ok('rm', 'again');
  });

  test('a program that is stopped by ^S goes on with ^Q', async () => {
    using screen = open('wolffia');
    screen.line('wolffia run -it --rm fixtures /behave count');
    await screen.shows(/^3$/m);
    screen.keys('C-s');
    // What was under way may still come.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stopped = screen.text;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.is(screen.text, stopped);
    screen.keys('C-q');
    await screen.shows(/^30$/m);
    screen.keys('C-c');
    await requireCooked(screen);
  });
}

test.run();
