import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameDecoder, WINDOW_SIZE } from '../../../../src/link/frame.ts';
import { CellTask } from '../../../../src/runtime/wasm/cell-task.ts';

interface Sent {
  readonly data: number[];
  readonly credits: number[];
  ends: number;
}

function taskWith(write: () => Promise<void> | undefined = () => undefined): {
  task: CellTask;
  sent: Sent;
} {
  const sent: Sent = { data: [], credits: [], ends: 0 };
  const decoder = new FrameDecoder({
    onMessage: () => {},
    onData: (_task, _stream, bytes) => sent.data.push(bytes.length),
    onCredit: (_task, _stream, count) => sent.credits.push(count),
    onEnd: () => {
      sent.ends += 1;
    },
  });
  return { task: new CellTask(1, { write }, (frame) => decoder.feed(frame)), sent };
}

const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

test('standard input never passes its window, and its end comes behind its bytes', async () => {
  const { task, sent } = taskWith();
  const written = task.writeStdin(new Uint8Array(WINDOW_SIZE + 1000));
  task.closeStdin();
  task.closeStdin();
  await Promise.resolve();
  assert.is(total(sent.data), WINDOW_SIZE);
  assert.is(sent.ends, 0);
  task.takeCredit(400);
  task.takeCredit(600);
  await written;
  await Promise.resolve();
  assert.is(total(sent.data), WINDOW_SIZE + 1000);
  assert.is(sent.ends, 1);
});

test('credit is given in lumps, and only for what was put away', async () => {
  let putAway: () => void = () => {};
  const { task, sent } = taskWith(
    () =>
      new Promise((resolve) => {
        putAway = resolve;
      }),
  );
  task.takeOutput('stdout', new Uint8Array(WINDOW_SIZE / 4));
  await Promise.resolve();
  assert.equal(sent.credits, []);
  putAway();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(sent.credits, [WINDOW_SIZE / 4]);
});

test('the exit is told once, and after all output was put away', async () => {
  let putAway: () => void = () => {};
  const { task } = taskWith(
    () =>
      new Promise((resolve) => {
        putAway = resolve;
      }),
  );
  const order: string[] = [];
  void task.exited.then(({ exitCode }) => order.push(`exit ${exitCode}`));
  task.takeOutput('stderr', new Uint8Array(10));
  task.finish({ exitCode: 3, isOutOfMemory: false });
  task.finish({ exitCode: 137, isOutOfMemory: false });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(order, []);
  order.push('put away');
  putAway();
  await task.exited;
  assert.equal(order, ['put away', 'exit 3']);
});

test('input after the exit goes nowhere and waits for nobody', async () => {
  const { task, sent } = taskWith();
  const blocked = task.writeStdin(new Uint8Array(WINDOW_SIZE * 2));
  await Promise.resolve();
  task.finish({ exitCode: 0, isOutOfMemory: false });
  await blocked;
  await task.writeStdin(new Uint8Array(10));
  assert.is(total(sent.data), WINDOW_SIZE);
});

test.run();
