import { PassThrough } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ProgressDisplay } from '../../../src/cli/progress-display.ts';
import type { OutputStream } from '../../../src/cli/terminal.ts';
import { type JsonMessage, progressMessage } from '../../../src/wire/json-message.ts';
import { DrawnScreen } from '../../fake/drawn-screen.ts';

/** Everything that is written of a series of messages. */
function written(messages: readonly JsonMessage[], terminal: Partial<OutputStream> = {}): string {
  let text = '';
  const output: OutputStream = Object.assign(new PassThrough(), terminal);
  output.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const display = new ProgressDisplay(output);
  for (const message of messages) display.show(message);
  return text;
}

function drawn(
  messages: readonly JsonMessage[],
  size: { rows: number; columns: number },
): readonly string[] {
  const screen = new DrawnScreen(size);
  screen.write(written(messages, { isTTY: true, ...size }));
  return screen.lines;
}

function layer(id: string, status: string, current?: number, total?: number): JsonMessage {
  return progressMessage(id, status, { current, total });
}

const PULL: readonly JsonMessage[] = [
  { status: 'Pulling from library/python', id: 'latest' },
  layer('aaa', 'Pulling fs layer'),
  layer('bbb', 'Pulling fs layer'),
  layer('aaa', 'Downloading', 1_200_000, 3_400_000),
  layer('bbb', 'Waiting'),
];

const END: readonly JsonMessage[] = [
  layer('aaa', 'Pull complete'),
  layer('bbb', 'Already exists'),
  { status: 'Digest: sha256:abc' },
  { status: 'Status: Downloaded newer image for python:latest' },
];

test('a line for each layer, drawn in its place', () => {
  assert.equal(drawn(PULL, { rows: 24, columns: 120 }), [
    'latest: Pulling from library/python',
    `aaa: Downloading [=================>${' '.repeat(33)}]    1.2MB/3.4MB`,
    'bbb: Waiting',
  ]);
  assert.equal(drawn([...PULL, ...END], { rows: 24, columns: 120 }), [
    'latest: Pulling from library/python',
    'aaa: Pull complete',
    'bbb: Already exists',
    'Digest: sha256:abc',
    'Status: Downloaded newer image for python:latest',
  ]);
});

test('a narrow terminal gets numbers without bars, and no line that is wrapped', () => {
  assert.is(drawn(PULL, { rows: 24, columns: 80 })[1], 'aaa: Downloading    1.2MB/3.4MB');
  const tiny = drawn(PULL, { rows: 24, columns: 16 });
  assert.equal(tiny.slice(-2), ['aaa: Downloadin', 'bbb: Waiting']);
});

test('no more lines than fit: the others are counted', () => {
  const size = { rows: 6, columns: 80 };
  const layers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => layer(id, 'Waiting'));
  const shown = ['a: Waiting', 'b: Waiting', 'c: Waiting', 'd: Waiting', '(and 3 more)'];
  assert.equal(drawn(layers, size), shown);
  const later = [...layers, layer('g', 'Pull complete'), layer('a', 'Pull complete')];
  assert.equal(drawn(later, size), ['a: Pull complete', ...shown.slice(1)]);
  assert.equal(drawn([...later, ...END], size).slice(-3), [
    '(and 5 more)',
    'Digest: sha256:abc',
    'Status: Downloaded newer image for python:latest',
  ]);
});

test('a terminal of one row, and one that tells no size', () => {
  const screen = new DrawnScreen({ rows: 1, columns: 80 });
  screen.write(written([...PULL, ...END], { isTTY: true, rows: 1, columns: 80 }));
  assert.equal(screen.lines, []);
  for (const size of [{}, { rows: 0, columns: 0 }]) {
    const assumed = new DrawnScreen({ rows: 24, columns: 80 });
    assumed.write(written(PULL, { isTTY: true, ...size }));
    assert.is(assumed.lines[1], 'aaa: Downloading    1.2MB/3.4MB');
  }
});

test('elsewhere steps are lines, and there are no bars', () => {
  assert.is(
    written([...PULL, ...END]),
    [
      'latest: Pulling from library/python',
      'aaa: Pulling fs layer',
      'bbb: Pulling fs layer',
      'bbb: Waiting',
      'aaa: Pull complete',
      'bbb: Already exists',
      'Digest: sha256:abc',
      'Status: Downloaded newer image for python:latest',
      '',
    ].join('\n'),
  );
});

test('text for the terminal as it is, and what is for programs', () => {
  assert.is(
    written([{ stream: 'Loaded image: a:b\n' }, { progressDetail: {}, aux: { Tag: 'b' } }]),
    'Loaded image: a:b\n',
  );
});

test('what a registry says moves no cursor', () => {
  const evil = '\u001b[2J\u009b1A\u0007evil';
  for (const terminal of [{}, { isTTY: true, rows: 24, columns: 80 }]) {
    const text = written(
      [{ status: evil }, layer('id', evil), { stream: evil }, { id: evil, status: 'x' }],
      terminal,
    );
    for (const control of ['\u001b[2J', '\u009b', '\u0007']) assert.not.ok(text.includes(control));
    assert.match(text, 'evil');
  }
});

test.run();
