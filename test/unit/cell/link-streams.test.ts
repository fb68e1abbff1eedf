import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { LinkSink } from '../../../src/cell/link-sink.ts';
import { LinkSource } from '../../../src/cell/link-source.ts';
import { FrameDecoder, WINDOW_SIZE } from '../../../src/link/frame.ts';

function recorder(): { sizes: number[]; credits: number[]; send: (frame: Uint8Array) => void } {
  const sizes: number[] = [];
  const credits: number[] = [];
  const decoder = new FrameDecoder({
    onMessage: () => {},
    onData: (_task, _stream, bytes) => sizes.push(bytes.length),
    onCredit: (_task, _stream, count) => credits.push(count),
    onEnd: () => {},
  });
  return { sizes, credits, send: (frame) => decoder.feed(frame) };
}

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}

test('a sink takes a window, then answers EAGAIN until there is credit', () => {
  const { sizes, send } = recorder();
  const sink = new LinkSink(1, 1, send);
  let woken = 0;
  sink.writable.add(() => {
    woken += 1;
  });
  assert.is(sink.write(new Uint8Array(WINDOW_SIZE + 5)), WINDOW_SIZE);
  assert.is(
    thrownBy(() => sink.write(new Uint8Array(1))),
    ERRNO.EAGAIN,
  );
  sink.takeCredit(5);
  assert.is(woken, 1);
  assert.is(sink.write(new Uint8Array(9)), 5);
  assert.is(
    sizes.reduce((sum, size) => sum + size, 0),
    WINDOW_SIZE + 5,
  );
});

test('a source hands out what came in its order, then its end', () => {
  const { credits, send } = recorder();
  const source = new LinkSource(1, send);
  assert.is(
    thrownBy(() => source.read(new Uint8Array(4))),
    ERRNO.EAGAIN,
  );
  source.push(Buffer.from('abc'));
  source.push(Buffer.from('defg'));
  source.end();
  const target = new Uint8Array(5);
  assert.is(source.read(target), 5);
  assert.is(Buffer.from(target).toString(), 'abcde');
  assert.not.ok(source.hasEnded);
  assert.is(source.read(target), 2);
  assert.ok(source.hasEnded);
  assert.is(source.read(target), 0);
  assert.is(
    credits.reduce((sum, count) => sum + count, 0),
    7,
    'all that was read is credited',
  );
});

test.run();
