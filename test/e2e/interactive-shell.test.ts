import { existsSync, symlinkSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { debianAbsence } from '../../images/debian-source.ts';
import { EngineFixture } from './engine-fixture.ts';
import { Screen, tmuxAbsence } from './tmux.ts';

// An interactive shell in a container beside the same shell on this machine: whoever types the same
// sees the same.
const test = suite('interactive shell');
const engine = new EngineFixture();

const DASH = '/usr/bin/dash';
const PROMPT = /^#$/m;
const READY = `sh -c 'echo re""ady; exec sleep 100'`;

/** What is typed, and what is waited for before the next is. */
type Step =
  | { readonly line: string; readonly until: string | RegExp }
  | { readonly type: string; readonly until: string | RegExp }
  | { readonly keys: readonly string[]; readonly until: string | RegExp };

const SESSIONS: Readonly<Record<string, readonly Step[]>> = {
  '^C ends what runs, and the shell goes on': [
    { line: READY, until: /^ready$/m },
    { keys: ['C-c'], until: /\^C\n(.*\n)*#$/ },
    { line: 'echo code $?', until: 'code 130' },
    { type: 'half a line', until: 'half a line' },
    { keys: ['C-c'], until: /half a line\^C\n#$/ },
    { line: 'echo a | tr a b; echo code $?', until: 'code 0' },
    // Its leader is dead when the group comes to the foreground.
    { line: 'nothing | tr a b; echo that $?', until: 'that 0' },
  ],
  '^Z, jobs, bg and fg': [
    { line: READY, until: /^ready$/m },
    { keys: ['C-z'], until: 'Stopped' },
    { line: 'jobs; echo l""isted', until: 'listed' },
    { line: 'bg; echo b""egun', until: 'begun' },
    { line: 'jobs; echo l""isted again', until: 'listed again' },
    { line: 'fg', until: /^# fg\n(.*\n)*.*sleep 100.*$/m },
    { keys: ['C-c'], until: /\^C\n(.*\n)*#$/ },
    { line: 'jobs; echo code $?', until: 'code 0' },
  ],
  'a pipeline that reads the terminal': [
    { line: 'cat | tr a-z A-Z', until: 'tr a-z A-Z' },
    { line: 'hello', until: 'HELLO' },
    { keys: ['C-d'], until: /HELLO\n#$/ },
    { line: 'cat | cat | cat', until: 'cat | cat' },
    { line: 'through three', until: /^through three\nthrough three$/m },
    { keys: ['C-c'], until: /\^C\n(.*\n)*#$/ },
    { line: 'echo code $?', until: 'code 130' },
  ],
  'characters of several bytes are erased whole': [
    { type: 'echo caf€é', until: 'caf€é' },
    { keys: ['BSpace', 'BSpace'], until: /echo caf$/m },
    { line: 'é', until: /^café$/m },
    { type: 'words that go', until: 'words that go' },
    { keys: ['C-w', 'C-w', 'C-w'], until: PROMPT },
    { type: 'a line that goes', until: 'a line that goes' },
    { keys: ['C-u'], until: PROMPT },
    { line: 'echo done', until: /^done$/m },
  ],
  'the background may not read, nor write under tostop': [
    { line: 'cat &', until: PROMPT },
    { line: 'sleep 1; echo s""lept', until: 'slept' },
    { line: 'fg', until: /fg\n(.*\n)*.*cat$/m },
    { line: 'for cat', until: /^for cat\nfor cat$/m },
    { keys: ['C-d'], until: /for cat\n#$/ },
    { line: 'stty tostop; (sleep 0.1; echo be""hind) & sleep 1; echo a""wake', until: 'awake' },
    { line: 'stty -tostop; fg', until: /^behind$/m },
    { line: 'echo code $?', until: 'code 0' },
  ],
  'traps, and the size of the window': [
    {
      line: `sh -c 'trap "echo caught; exit 3" INT; echo re""ady; while :; do sleep 1; done'`,
      until: /^ready$/m,
    },
    { keys: ['C-c'], until: /caught\n#$/ },
    { line: 'echo code $?', until: /code 3\n#$/ },
    { line: 'stty size', until: /24 80\n#$/ },
    { line: 'exit 5', until: /exit 5\n#$/ },
  ],
};

/** Plays a session on the shell that a command starts; answers the screen. */
async function play(screen: Screen, command: string, steps: readonly Step[]): Promise<string> {
  // One that takes more than a line would shift the others.
  screen.line(`shell() { ${command}; }`);
  screen.line('clear; shell; ');
  await screen.shows(PROMPT);
  for (const step of steps) {
    if ('line' in step) screen.line(step.line);
    else if ('type' in step) screen.type(step.type);
    else screen.keys(...step.keys);
    await screen.shows(step.until);
  }
  return screen.text;
}

/** By the name under which it tells errors. */
const NATIVE = `env -i PATH=".:$PATH" TERM="$TERM" LC_ALL=C.UTF-8 PS1='# ' sh`;

function absence(): string | undefined {
  if (!existsSync(DASH)) return `there is no ${DASH} to compare with`;
  return tmuxAbsence() ?? debianAbsence();
}

const reason = absence();
if (reason === undefined) {
  test.before(() => {
    symlinkSync(DASH, engine.path('sh'));
    engine.run(['run', '--rm', 'base', 'true'], { timeoutMs: 280_000 });
  });
  test.after(() => engine[Symbol.asyncDispose]());
  for (const [name, steps] of Object.entries(SESSIONS)) {
    test(name, async () => {
      using here = new Screen(engine.directory, engine.env());
      const expected = await play(here, NATIVE, steps);
      using there = new Screen(engine.directory, engine.env());
      const command = `${engine.commandLine} run -it --rm base sh`;
      assert.is(await play(there, command, steps), expected);
    });
  }

  test('an editor that takes the whole screen, and a shell beside it', async () => {
    using screen = new Screen(engine.directory, engine.env());
    screen.line(`wolffia() { ${engine.commandLine} "$@"; }`);
    screen.line('clear; wolffia run -it --name edited base sh');
    await screen.shows(PROMPT);
    screen.line('printf "first line\\nsekond\\n" >/tmp/note; vi /tmp/note');
    await screen.shows(/^sekond\n/m);
    screen.keys('Down');
    screen.type('llx');
    await screen.shows(/^seond\n/m);
    screen.type('ic');
    screen.keys('Escape');
    await screen.shows(/^second\n/m);
    screen.type(':wq');
    screen.keys('Enter');
    await screen.shows(/note"?; vi.*\n#$/);
    screen.line('cat /tmp/note; tty');
    await screen.shows(/^first line\nsecond\n\/dev\/tty$/m);
    using beside = new Screen(engine.directory, engine.env());
    beside.line(`clear; ${engine.commandLine} exec -it edited sh; echo co"de" $?`);
    await beside.shows(PROMPT);
    beside.line('echo third >>/tmp/note; stty size; tty; echo done');
    await beside.shows(/^24 80\n\/dev\/tty\ndone$/m);
    screen.line('clear; cat /tmp/note');
    await screen.shows(/^first line\nsecond\nthird$/m);
    screen.keys('C-d');
    // With its first process the container ends, and with it the shell beside.
    await beside.shows('code 137');
    engine.ok('rm', 'edited');
  });
} else {
  process.stdout.write(`skipped: shells: ${reason}\n`);
  test.skip('shells', () => {});
}

test.run();
