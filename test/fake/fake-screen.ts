import { ERRNO } from '../../src/base/errno.ts';
import type { ByteSink, ByteSource } from '../../src/kernel/byte-channel.ts';
import { Terminal, type TerminalWindow } from '../../src/kernel/terminal.ts';
import type { ProcessGroups, TerminalUser } from '../../src/kernel/terminal-session.ts';
import { WaitQueue } from '../../src/kernel/wait-queue.ts';
import { FakeClock } from './fake-clock.ts';

/** What is typed, as far as nobody took it. */
export class Keyboard implements ByteSource {
  readonly readable = new WaitQueue();
  readonly hasEnded = false;
  #typed = new Uint8Array(0);

  get availableBytes(): number {
    return this.#typed.length;
  }

  type(bytes: Uint8Array): void {
    this.#typed = Uint8Array.from([...this.#typed, ...bytes]);
    this.readable.wakeAll();
  }

  read(target: Uint8Array): number {
    if (this.#typed.length === 0) throw ERRNO.EAGAIN;
    const part = this.#typed.subarray(0, target.length);
    target.set(part);
    this.#typed = this.#typed.subarray(part.length);
    return part.length;
  }
}

/** What is shown, as far as there is room. */
export class Screen implements ByteSink {
  readonly writable = new WaitQueue();
  freeBytes = Number.POSITIVE_INFINITY;
  #shown: number[] = [];

  write(source: Uint8Array): number {
    const count = Math.min(this.freeBytes, source.length);
    if (count === 0) throw ERRNO.EAGAIN;
    this.#shown.push(...source.subarray(0, count));
    this.freeBytes -= count;
    return count;
  }

  makeRoom(size: number): void {
    this.freeBytes += size;
    this.writable.wakeAll();
  }

  /** All since the last time. */
  take(): string {
    return Buffer.from(this.#shown.splice(0)).toString('latin1');
  }
}

/** The first process of a session, in whose foreground it is. */
export const LEADER: TerminalUser = {
  pid: 7,
  group: 7,
  session: 7,
  isDeaf: () => false,
  isGroupOrphaned: false,
};

/** A terminal with somebody before it, and a session that it controls. Bytes are Latin-1. */
export class TerminalFixture implements ProcessGroups {
  readonly keyboard = new Keyboard();
  readonly screen = new Screen();
  readonly clock = new FakeClock();
  readonly terminal: Terminal;
  /** Sessions by group. */
  readonly groups = new Map([[LEADER.group, LEADER.session]]);
  /** `2 to 7`: signal 2 to group 7. */
  readonly signals: string[] = [];

  constructor(window: TerminalWindow = { rows: 0, columns: 0, width: 0, height: 0 }) {
    this.terminal = new Terminal({
      input: this.keyboard,
      output: this.screen,
      groups: this,
      clock: this.clock,
      window,
    });
    this.terminal.session.control(LEADER, false);
  }

  signalGroup(group: number, signal: number): void {
    this.signals.push(`${signal} to ${group}`);
  }

  sessionOf(group: number): number | undefined {
    return this.groups.get(group);
  }

  /** Answers what is shown because of it. */
  type(text: string): string {
    this.keyboard.type(Buffer.from(text, 'latin1'));
    return this.screen.take();
  }

  /** Undefined: it would have to wait. */
  write(text: string): number | undefined {
    return unlessAgain(() => this.terminal.write(Buffer.from(text, 'latin1')));
  }

  /** Null: it would have to wait. */
  read(size = 4096): string | null {
    const target = Buffer.alloc(size);
    const count = unlessAgain(() => this.terminal.read(target));
    return count === undefined ? null : target.subarray(0, count).toString('latin1');
  }
}

function unlessAgain(act: () => number): number | undefined {
  try {
    return act();
  } catch (thrown) {
    if (thrown === ERRNO.EAGAIN) return undefined;
    throw thrown;
  }
}
