import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT, encodeGlue, HANDLE_SIGNAL, I32, I64, WOULD_BLOCK } from '../../../src/abi/glue.ts';
import { wat } from '../../fake/wat.ts';

const FUNCTIONS = [
  { name: 'read', parameters: [I32, I64], hasResult: true },
  { name: 'exit', parameters: [I32], hasResult: false },
];

/** A guest that tries to catch everything that a hostcall might throw through it. */
const GUEST = `(module
  (import "abi" "read" (func $read (param i32 i64) (result i32)))
  (import "abi" "exit" (func $exit (param i32)))
  (func (export "read") (param i32 i64) (result i32)
    (try (result i32) (do (call $read (local.get 0) (local.get 1))) (catch_all (i32.const 99))))
  (global $seen (mut i32) (i32.const 0))
  (func (export "handler") (param i32)
    (global.set $seen (i32.add (local.get 0) (call $read (i32.const 1) (i64.const 2)))))
  (tag $jump)
  (func (export "jumping_handler") (param i32) (throw $jump))
  (func (export "jump") (param i32 i64) (result i32)
    (try (result i32) (do (call $read (local.get 0) (local.get 1))) (catch $jump (i32.const 55))))
  (func (export "seen") (result i32) (global.get $seen))
  (func (export "exit") (result i32)
    (try (do (call $exit (i32.const 3))) (catch_all)) (i32.const 99)))`;

async function guestWith(kernel: {
  read: (a: number, b: bigint) => number;
  wait: () => Promise<number>;
  exit?: (code: number) => number;
  takeSignal?: (handlers: WebAssembly.Table, guest: WebAssembly.Exports) => number;
  handled?: () => void;
  left?: () => void;
}): Promise<Record<string, (...args: (number | bigint)[]) => Promise<unknown>>> {
  const glue: WebAssembly.Instance = new WebAssembly.Instance(
    new WebAssembly.Module(encodeGlue(FUNCTIONS)),
    {
      kernel: {
        read: kernel.read,
        exit: kernel.exit ?? (() => EXIT),
        wait: new WebAssembly.Suspending(kernel.wait),
        takeSignal: () =>
          kernel.takeSignal?.(glue.exports['handlers'] as WebAssembly.Table, exports) ?? 0,
        handled: kernel.handled ?? (() => {}),
        left: kernel.left ?? (() => {}),
      },
    },
  );
  const { exports }: WebAssembly.Instance = new WebAssembly.Instance(
    new WebAssembly.Module(await wat(GUEST)),
    {
      abi: glue.exports,
    },
  );
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, value]) =>
      typeof value === 'function'
        ? [[name, WebAssembly.promising(value as WebAssembly.ExportedFunction)]]
        : [],
    ),
  );
}

test('an answer is passed on with its arguments, without a suspension', async () => {
  const seen: unknown[] = [];
  const guest = await guestWith({
    read: (a, b) => {
      seen.push(a, b);
      return 8;
    },
    wait: () => {
      throw new Error('nothing blocks');
    },
  });
  assert.is(await guest['read']?.(5, 6n), 8);
  assert.equal(seen, [5, 6n]);
});

test('a call that would block waits and is tried again', async () => {
  let tries = 0;
  const guest = await guestWith({
    read: () => (++tries < 3 ? WOULD_BLOCK : 0),
    wait: () => Promise.resolve(0),
  });
  assert.is(await guest['read']?.(1, 2n), 0);
  assert.is(tries, 3);
});

for (const [what, read, wait] of [
  ['exit', EXIT, 0],
  ['a wait that ends the process', WOULD_BLOCK, 1],
] as const) {
  test(`${what} cannot be caught by the guest`, async () => {
    const guest = await guestWith({ read: () => read, wait: () => Promise.resolve(wait) });
    const outcome = await guest['read']?.(1, 2n).catch((thrown: unknown) => thrown);
    assert.instance(outcome, WebAssembly.RuntimeError);
  });
}

test('a call without a result never returns', async () => {
  const guest = await guestWith({ read: () => 0, wait: () => Promise.resolve(0) });
  assert.instance(
    await guest['exit']?.().catch((thrown: unknown) => thrown),
    WebAssembly.RuntimeError,
  );
});

test('a handler runs among the frames of the guest, may block, and the call is tried again', async () => {
  // The call, the handler's own call, that again after its wait, and the call again.
  const answers = [HANDLE_SIGNAL, WOULD_BLOCK, 30, 7];
  const events: string[] = [];
  const guest = await guestWith({
    read: () => answers.shift() ?? 99,
    wait: async () => {
      events.push('wait');
      return 0;
    },
    takeSignal: (handlers, exports) => {
      handlers.set(0, exports['handler'] as WebAssembly.ExportedFunction);
      return 12;
    },
    handled: () => void events.push('handled'),
  });
  assert.is(await guest['read']?.(5, 6n), 7);
  assert.equal(events, ['wait', 'handled']);
  assert.is(await guest['seen']?.(), 42);
});

test('a handler may leave by an exception, which is told', async () => {
  const events: string[] = [];
  const guest = await guestWith({
    read: () => HANDLE_SIGNAL,
    wait: () => Promise.resolve(0),
    takeSignal: (handlers, exports) => {
      handlers.set(0, exports['jumping_handler'] as WebAssembly.ExportedFunction);
      return 12;
    },
    handled: () => void events.push('handled'),
    left: () => void events.push('left'),
  });
  assert.is(await guest['jump']?.(5, 6n), 55);
  assert.equal(events, ['left']);
});

test.run();
