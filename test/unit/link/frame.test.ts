import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  encodeCredit,
  encodeFrame,
  encodeMessage,
  FRAME_KINDS,
  FrameDecoder,
  LinkError,
  MAX_DATA_SIZE,
} from '../../../src/link/frame.ts';

type Event = [string, number, number, string];

function collector(): { events: Event[]; decoder: FrameDecoder } {
  const events: Event[] = [];
  const decoder = new FrameDecoder({
    onMessage: (task, json) => events.push(['message', task, 0, json]),
    onData: (task, stream, bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      const last = events.at(-1);
      // Pieces of one stream are joined, as where a frame is cut means nothing.
      if (last?.[0] === 'data' && last[1] === task && last[2] === stream) last[3] += text;
      else events.push(['data', task, stream, text]);
    },
    onCredit: (task, stream, count) => events.push(['credit', task, stream, String(count)]),
    onEnd: (task) => events.push(['end', task, 0, '']),
  });
  return { events, decoder };
}

test('frames arrive whole however the stream is cut', () => {
  const frame = fc.oneof(
    fc.tuple(fc.constant('message'), fc.nat(9), fc.string()),
    fc.tuple(fc.constant('data'), fc.nat(9), fc.string({ minLength: 1 })),
    fc.tuple(fc.constant('credit'), fc.nat(9), fc.string()),
    fc.tuple(fc.constant('end'), fc.nat(9), fc.string()),
  );
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 40 })), (frames, cuts) => {
      const encoded = frames.map(([kind, task, text]) => {
        if (kind === 'message') return encodeMessage(task, { text });
        if (kind === 'data') return encodeFrame(FRAME_KINDS.data, task, 1, Buffer.from(text));
        if (kind === 'credit') return encodeCredit(task, 2, text.length);
        return encodeFrame(FRAME_KINDS.end, task, 0, new Uint8Array(0));
      });
      const whole = collector();
      for (const one of encoded) whole.decoder.feed(one);
      const cut = collector();
      const stream = Buffer.concat(encoded);
      let position = 0;
      for (let index = 0; position < stream.length; index++) {
        const size = cuts[index % Math.max(cuts.length, 1)] ?? 7;
        cut.decoder.feed(stream.subarray(position, position + size));
        position += size;
      }
      assert.equal(cut.events, whole.events);
    }),
  );
});

test('random bytes end in a LinkError or in frames, in nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        collector().decoder.feed(bytes);
      } catch (thrown) {
        assert.instance(thrown, LinkError);
      }
    }),
  );
});

test('a frame larger than its kind allows is refused before it is gathered', () => {
  const oversized = encodeFrame(FRAME_KINDS.data, 1, 1, new Uint8Array(MAX_DATA_SIZE + 1));
  assert.throws(() => collector().decoder.feed(oversized), /65537 bytes/);
  const credit = encodeFrame(FRAME_KINDS.credit, 1, 1, new Uint8Array(5));
  assert.throws(() => collector().decoder.feed(credit), /5 bytes/);
});

test.run();
