import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SIGNALS } from '../../../src/base/signals.ts';
import {
  CONTROLS,
  INPUT_FLAGS,
  LOCAL_FLAGS,
  OUTPUT_FLAGS,
} from '../../../src/kernel/terminal-attributes.ts';
import { LEADER, TerminalFixture } from '../../fake/fake-screen.ts';
import {
  TERMINAL_CASES,
  type TerminalChange,
  type TerminalStep,
} from '../../fake/terminal-cases.ts';

function changed(word: number, flags: Readonly<Record<string, number>>, change: TerminalChange) {
  let value = word;
  for (const name of change.on ?? []) value |= flags[name] ?? 0;
  for (const name of change.off ?? []) value &= ~(flags[name] ?? 0);
  return value;
}

function set({ terminal }: TerminalFixture, change: TerminalChange): void {
  const before = terminal.attributes;
  const controls = Uint8Array.from(before.controls);
  for (const [name, value] of Object.entries(change.controls ?? {})) {
    controls[CONTROLS[name as keyof typeof CONTROLS]] = value;
  }
  terminal.setAttributes({
    ...before,
    inputFlags: changed(before.inputFlags, INPUT_FLAGS, change),
    outputFlags: changed(before.outputFlags, OUTPUT_FLAGS, change),
    localFlags: changed(before.localFlags, LOCAL_FLAGS, change),
    controls,
  });
}

/** Plays a step; answers it with what came of it. */
function play(fixture: TerminalFixture, step: TerminalStep): readonly unknown[] {
  fixture.signals.length = 0;
  switch (step[0]) {
    case 'type':
      return [step[0], step[1], fixture.type(step[1]), ...signalNames(fixture)];
    case 'write':
      fixture.write(step[1]);
      return [step[0], step[1], fixture.screen.take()];
    case 'read':
      return [step[0], step[1], fixture.read(step[1])];
    case 'set':
      set(fixture, step[1]);
      return step;
    case 'flush':
      fixture.terminal.flush(step[1]);
      return step;
    case 'resize': {
      const [rows, columns] = step[1];
      fixture.terminal.resize({ rows, columns, width: 0, height: 0 });
      return [step[0], step[1], ...signalNames(fixture)];
    }
  }
}

function signalNames({ signals }: TerminalFixture): string[] {
  return Object.entries(SIGNALS)
    .filter(([, number]) => signals.includes(`${number} to ${LEADER.group}`))
    .map(([name]) => name);
}

for (const [name, steps] of Object.entries(TERMINAL_CASES)) {
  test(`as on Linux: ${name}`, () => {
    const fixture = new TerminalFixture();
    set(fixture, { off: ['IUTF8'] });
    for (const step of steps) assert.equal(play(fixture, step), step);
  });
}

test.run();
