import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO, Errno } from '../../../src/base/errno.ts';
import {
  CONTROLS,
  DEFAULT_ATTRIBUTES,
  decodeAttributes,
  encodeAttributes,
  LOCAL_FLAGS,
  TERMIOS_SIZE,
} from '../../../src/kernel/terminal-attributes.ts';
import type { TerminalUser } from '../../../src/kernel/terminal-session.ts';
import { LEADER, TerminalFixture } from '../../fake/fake-screen.ts';

const SECOND_NS = 1_000_000_000n;

function errnoOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Errno) return thrown.name;
    throw thrown;
  }
  return 'no error';
}

/** Raw mode with VMIN and VTIME. */
function setRaw({ terminal }: TerminalFixture, minimum: number, time: number): void {
  const { attributes } = terminal;
  const controls = Uint8Array.from(attributes.controls);
  controls[CONTROLS.minimum] = minimum;
  controls[CONTROLS.time] = time;
  const localFlags = attributes.localFlags & ~(LOCAL_FLAGS.ICANON | LOCAL_FLAGS.ECHO);
  terminal.setAttributes({ ...attributes, localFlags, controls });
}

test('what is written waits for the screen, and then goes out in order', () => {
  const fixture = new TerminalFixture();
  fixture.screen.freeBytes = 10;
  const text = 'line of text\n'.repeat(2000);
  let written = 0;
  let shown = '';
  for (let round = 0; written < text.length && round < 10_000; round++) {
    const count = fixture.write(text.slice(written));
    if (count === undefined) fixture.screen.makeRoom(1000);
    written += count ?? 0;
    shown += fixture.screen.take();
  }
  fixture.screen.makeRoom(1e6);
  shown += fixture.screen.take();
  assert.is(shown, text.replaceAll('\n', '\r\n'));
});

test('a full screen is told to those who wait for room', () => {
  const fixture = new TerminalFixture();
  fixture.screen.freeBytes = 0;
  while (fixture.write('x'.repeat(1000)) !== undefined);
  assert.is(fixture.terminal.freeBytes, 0);
  let wakes = 0;
  fixture.terminal.writable.add(() => {
    wakes += 1;
  });
  // There is still room for the echo, so that a signal is seen to be taken.
  fixture.type('\x03');
  assert.equal(fixture.signals, ['2 to 7']);
  assert.is(wakes, 1);
  fixture.screen.makeRoom(1e6);
  assert.is(fixture.screen.take(), '^C');
});

test('what is typed waits where it comes from while there is no room', () => {
  const fixture = new TerminalFixture();
  const line = `${'x'.repeat(99)}\n`;
  fixture.type(line.repeat(100));
  assert.ok(fixture.keyboard.availableBytes > 5000);
  let read = '';
  for (let got = fixture.read(); got !== null; got = fixture.read()) read += got;
  assert.is(read, line.repeat(100));
});

test('raw mode: so many bytes at least', () => {
  const fixture = new TerminalFixture();
  setRaw(fixture, 3, 0);
  fixture.type('ab');
  assert.is(fixture.read(), null);
  assert.is(fixture.terminal.readDeadlineNs(0n), undefined);
  assert.is(fixture.read(2), 'ab');
  fixture.type('abcd');
  assert.is(fixture.read(), 'abcd');
});

test('raw mode: no longer than a time', () => {
  const fixture = new TerminalFixture();
  setRaw(fixture, 0, 5);
  const startNs = fixture.clock.monotonicNs();
  assert.is(fixture.read(), null);
  assert.is(fixture.terminal.readDeadlineNs(startNs), startNs + SECOND_NS / 2n);
  assert.is(fixture.terminal.readNow(new Uint8Array(10)), 0);
  fixture.type('a');
  assert.is(fixture.read(), 'a');
});

test('raw mode: no longer than a time after the last byte', () => {
  const fixture = new TerminalFixture();
  setRaw(fixture, 3, 1);
  const startNs = fixture.clock.monotonicNs();
  assert.is(fixture.terminal.readDeadlineNs(startNs), undefined);
  fixture.clock.advance(5000);
  fixture.type('a');
  assert.is(fixture.read(), null);
  assert.is(fixture.terminal.readDeadlineNs(startNs), startNs + (51n * SECOND_NS) / 10n);
  const target = new Uint8Array(10);
  assert.is(fixture.terminal.readNow(target), 1);
});

test('^D on an empty line is an end that passes', () => {
  const fixture = new TerminalFixture();
  assert.not(fixture.terminal.hasEnded);
  fixture.type('\x04');
  assert.ok(fixture.terminal.hasEnded);
  assert.is(fixture.terminal.availableBytes, 0);
  assert.is(fixture.read(), '');
  assert.not(fixture.terminal.hasEnded);
  fixture.type('ab\x04c\n');
  assert.is(fixture.terminal.availableBytes, 4);
});

test('a hangup is told to the session, and ends everything', () => {
  const fixture = new TerminalFixture();
  fixture.groups.set(9, LEADER.session);
  fixture.terminal.session.setForeground(LEADER, 9);
  let wakes = 0;
  fixture.terminal.readable.add(() => {
    wakes += 1;
  });
  fixture.type('typed ahead\n');
  fixture.terminal.readable.add(() => {
    wakes += 1;
  });
  fixture.terminal.hangUp();
  fixture.terminal.hangUp();
  assert.is(wakes, 2);
  assert.equal(fixture.signals, ['1 to 7', '18 to 7', '1 to 9']);
  assert.is(fixture.read(), '');
  assert.ok(fixture.terminal.hasEnded);
  assert.is(
    errnoOf(() => fixture.write('x')),
    'EIO',
  );
});

test('the end of the session is told to the foreground, and the terminal is free for another', () => {
  const fixture = new TerminalFixture();
  const { session } = fixture.terminal;
  session.leaderEnded();
  assert.equal(fixture.signals, ['1 to 7']);
  assert.is(session.session, undefined);
  fixture.type('\x03');
  assert.is(fixture.signals.length, 1);
  const other: TerminalUser = { ...LEADER, pid: 20, group: 20, session: 20 };
  session.control(other, false);
  assert.is(session.sessionOf(other), 20);
});

test('who may have the terminal', () => {
  const { terminal } = new TerminalFixture();
  const { session } = terminal;
  session.control(LEADER, true);
  const stranger: TerminalUser = { ...LEADER, pid: 20, group: 20, session: 20 };
  assert.is(
    errnoOf(() => session.control(stranger, false)),
    'EPERM',
  );
  assert.is(
    errnoOf(() => session.control({ ...LEADER, pid: 8 }, false)),
    'EPERM',
  );
  assert.is(
    errnoOf(() => session.foregroundOf(stranger)),
    'ENOTTY',
  );
  assert.is(
    errnoOf(() => session.sessionOf(stranger)),
    'ENOTTY',
  );
  assert.is(session.foregroundOf(LEADER), 7);
  assert.is(
    errnoOf(() => session.setForeground(stranger, 20)),
    'ENOTTY',
  );
});

test('the foreground is a group of the session', () => {
  const { terminal, groups, signals } = new TerminalFixture();
  const { session } = terminal;
  groups.set(9, 7).set(11, 11);
  assert.is(
    errnoOf(() => session.setForeground(LEADER, -1)),
    'EINVAL',
  );
  assert.is(
    errnoOf(() => session.setForeground(LEADER, 5)),
    'ESRCH',
  );
  assert.is(
    errnoOf(() => session.setForeground(LEADER, 11)),
    'EPERM',
  );
  assert.is(session.setForeground(LEADER, 9), 'allowed');
  // It is in the background itself now.
  assert.is(session.setForeground(LEADER, 7), 'stopped');
  assert.equal(signals, ['22 to 7']);
  const deaf: TerminalUser = { ...LEADER, isDeaf: () => true };
  assert.is(session.setForeground(deaf, 7), 'allowed');
  assert.is(session.foregroundOf(LEADER), 7);
});

test('what happens to those in the background', () => {
  const { terminal, groups, signals } = new TerminalFixture();
  const { session } = terminal;
  groups.set(9, 7);
  const [ttin, ttou] = [21, 22];
  const background: TerminalUser = { ...LEADER, pid: 9, group: 9 };
  assert.is(session.checkAccess(LEADER, ttin), 'allowed');
  assert.is(session.checkAccess(background, ttin), 'stopped');
  assert.is(session.checkAccess(background, ttou), 'stopped');
  assert.equal(signals, ['21 to 9', '22 to 9']);
  const deaf: TerminalUser = { ...background, isDeaf: () => true };
  assert.is(
    errnoOf(() => session.checkAccess(deaf, ttin)),
    'EIO',
  );
  assert.is(session.checkAccess(deaf, ttou), 'allowed');
  const orphaned: TerminalUser = { ...background, isGroupOrphaned: true };
  assert.is(
    errnoOf(() => session.checkAccess(orphaned, ttin)),
    'EIO',
  );
  assert.is(
    errnoOf(() => session.checkAccess(orphaned, ttou)),
    'EIO',
  );
  assert.is(
    errnoOf(() => session.setForeground(orphaned, 9)),
    'ENOTTY',
  );
  const stranger: TerminalUser = { ...background, session: 20 };
  assert.is(session.checkAccess(stranger, ttin), 'allowed');
});

test('attributes are laid out as struct termios', () => {
  const bytes = encodeAttributes(DEFAULT_ATTRIBUTES);
  assert.is(bytes.length, TERMIOS_SIZE);
  assert.equal(decodeAttributes(bytes), DEFAULT_ATTRIBUTES);
  // VERASE stands behind four words and c_line.
  assert.is(bytes[17 + 2], 0x7f);
  const { terminal } = new TerminalFixture();
  terminal.setAttributes({ ...DEFAULT_ATTRIBUTES, controlFlags: 0o400 });
  assert.is(terminal.attributes.controlFlags, 0o260);
});

test('errors of the screen other than EAGAIN lose what is shown, and harm nobody', () => {
  const fixture = new TerminalFixture();
  fixture.screen.write = () => {
    throw ERRNO.EPIPE;
  };
  assert.is(fixture.write('abc'), 3);
  assert.is(fixture.type('x\n'), '');
  assert.is(fixture.read(), 'x\n');
});

test.run();
