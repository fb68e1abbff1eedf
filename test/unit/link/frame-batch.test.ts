import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameBatch } from '../../../src/link/frame-batch.ts';

/** A stream that notes what is passed on together, and a turn that ends when the test says so. */
class Turns {
  readonly passed: string[] = [];
  nowMs = 0;
  readonly batch: FrameBatch;
  #held: string | undefined;
  #atEnd: (() => void)[] = [];

  constructor() {
    const stream = {
      cork: (): void => {
        assert.is(this.#held, undefined, 'corked once at a time');
        this.#held = '';
      },
      uncork: (): void => {
        this.passed.push(this.#held ?? 'nothing');
        this.#held = undefined;
      },
      write: (frame: Uint8Array): void => {
        this.#held += Buffer.from(frame).toString();
      },
    };
    this.batch = new FrameBatch(stream, {
      atEnd: (callback) => void this.#atEnd.push(callback),
      monotonicMs: () => this.nowMs,
    });
  }

  send(text: string): void {
    this.batch.send(Buffer.from(text));
  }

  end(): void {
    const callbacks = this.#atEnd;
    this.#atEnd = [];
    for (const callback of callbacks) callback();
  }
}

test('frames of one turn are passed on together, in their order, at its end', () => {
  const turns = new Turns();
  for (const text of ['a', 'b', 'c']) turns.send(text);
  assert.equal(turns.passed, []);
  turns.end();
  assert.equal(turns.passed, ['abc']);
  turns.send('d');
  turns.end();
  turns.end();
  assert.equal(turns.passed, ['abc', 'd']);
});

test('a turn that takes long is heard of meanwhile', () => {
  const turns = new Turns();
  turns.send('a');
  turns.nowMs = 3;
  turns.send('b');
  turns.nowMs = 4;
  turns.send('c');
  assert.equal(turns.passed, ['abc']);
  turns.send('d');
  turns.end();
  assert.equal(turns.passed, ['abc', 'd']);
});

test.run();
