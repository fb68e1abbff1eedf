import { SIGNALS } from '../../src/base/signals.ts';
import {
  CONTROLS,
  INPUT_FLAGS,
  LOCAL_FLAGS,
  OUTPUT_FLAGS,
} from '../../src/kernel/terminal-attributes.ts';
import { LEADER, TerminalFixture } from './fake-screen.ts';
import type { TerminalChange, TerminalStep } from './terminal-cases.ts';

/** Plays steps on a terminal of ours that starts as Linux's do. */
export class TerminalPlayer {
  readonly #fixture = new TerminalFixture();

  constructor() {
    this.#set({ off: ['IUTF8'] });
  }

  /** Answers the step with what came of it; what it says of that is not looked at. */
  play(step: TerminalStep): readonly unknown[] {
    const fixture = this.#fixture;
    fixture.signals.length = 0;
    switch (step[0]) {
      case 'type':
        return [step[0], step[1], fixture.type(step[1]), ...this.#signalNames()];
      case 'write':
        fixture.write(step[1]);
        return [step[0], step[1], fixture.screen.take()];
      case 'read':
        return [step[0], step[1], fixture.read(step[1])];
      case 'set': {
        this.#set(step[1]);
        const shown = fixture.screen.take();
        return shown === '' ? step : [...step, shown];
      }
      case 'flush':
        fixture.terminal.flush(step[1]);
        return step;
      case 'resize': {
        const [rows, columns] = step[1];
        fixture.terminal.resize({ rows, columns, width: 0, height: 0 });
        return [step[0], step[1], ...this.#signalNames()];
      }
    }
  }

  #set(change: TerminalChange): void {
    const { terminal } = this.#fixture;
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

  #signalNames(): string[] {
    const { signals } = this.#fixture;
    return Object.entries(SIGNALS)
      .filter(([, number]) => signals.includes(`${number} to ${LEADER.group}`))
      .map(([name]) => name);
  }
}

function changed(word: number, flags: Readonly<Record<string, number>>, change: TerminalChange) {
  let value = word;
  for (const name of change.on ?? []) value |= flags[name] ?? 0;
  for (const name of change.off ?? []) value &= ~(flags[name] ?? 0);
  return value;
}
