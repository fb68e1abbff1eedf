import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO } from '../../../src/base/errno.ts';
import { PIPE_CAPACITY, Pipe } from '../../../src/kernel/pipe.ts';

const test = suite('kernel/pipe');

function filledPipe(): Pipe {
  const pipe = new Pipe();
  pipe.addReader();
  pipe.addWriter();
  pipe.write(new Uint8Array(PIPE_CAPACITY - 10));
  return pipe;
}

test('a small write waits until all of it fits', () => {
  const pipe = filledPipe();
  assert.is(pipe.freeBytes, 0);
  assert.throws(
    () => pipe.write(new Uint8Array(20)),
    (thrown: unknown) => thrown === ERRNO.EAGAIN,
  );
  pipe.read(new Uint8Array(5000));
  assert.is(pipe.write(new Uint8Array(20)), 20);
});

// `yes | head` hung: a full pipe looked as if there would be room some day.
test('nobody waits for room in a full pipe that nobody reads', () => {
  const pipe = filledPipe();
  pipe.removeReader();
  assert.ok(pipe.freeBytes > 0);
  assert.throws(
    () => pipe.write(new Uint8Array(20)),
    (thrown: unknown) => thrown === ERRNO.EPIPE,
  );
});

test.run();
