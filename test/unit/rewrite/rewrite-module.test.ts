import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { wat } from '../../fake/wat.ts';

const COMMAND = '(memory (export "memory") 1) (func (export "_start"))';

test('a start function is not run by instantiation but exported', async () => {
  const bytes = await wat(`(module
    (import "host" "note" (func $note (param i32)))
    (func $begin (call $note (i32.const 1)))
    (start $begin)
    (func (export "wolffia:start") (call $note (i32.const 9)))
    ${COMMAND})`);
  const { bytes: rewritten, startExport, functionImports } = rewriteModule(bytes);
  assert.equal(
    functionImports.map(({ module, name, type }) => [module, name, type]),
    [['host', 'note', { parameters: [0x7f], results: [] }]],
  );
  const notes: number[] = [];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten), {
    host: { note: (value: number) => notes.push(value) },
  });
  assert.equal(notes, []);
  assert.is(startExport, "wolffia:start'", "the guest's own export of that name stays its own");
  const begin = exports[startExport ?? ''];
  assert.type(begin, 'function');
  if (typeof begin === 'function') begin();
  assert.equal(notes, [1]);
});

test('a module without a start section or stale sections is passed on as it is', async () => {
  const bytes = await wat(`(module ${COMMAND})`);
  assert.is(rewriteModule(bytes).bytes, bytes);
});

test('custom sections go, but the names stay', async () => {
  const bytes = await wat(`(module ${COMMAND})`);
  const custom = (name: string): number[] => [
    0,
    name.length + 2,
    name.length,
    ...Buffer.from(name),
    7,
  ];
  const withCustom = new Uint8Array([...bytes, ...custom('producers'), ...custom('name')]);
  const { bytes: rewritten } = rewriteModule(withCustom);
  assert.equal([...rewritten], [...bytes, ...custom('name')]);
});

const refusals: readonly (readonly [string, string, RegExp])[] = [
  ['several memories', `${COMMAND} (memory 1)`, /multi-memory/],
  ['no _start', '(memory (export "memory") 1)', /no function '_start'/],
  ['no memory', '(func (export "_start"))', /no memory named 'memory'/],
  [
    'imported memory',
    '(import "env" "memory" (memory 1)) (export "memory" (memory 0)) (func (export "_start"))',
    /threads/,
  ],
];

for (const [what, body, expected] of refusals) {
  test(`refused: ${what}`, async () => {
    const bytes = await wat(`(module ${body})`).catch(() => undefined);
    // wabt itself refuses several memories; the same module is then put together by hand.
    const module =
      bytes ??
      new Uint8Array(
        [...(await wat(`(module ${COMMAND})`))].map((byte, index, all) =>
          all[index - 2] === 5 && all[index - 1] === 3 && byte === 1 ? 2 : byte,
        ),
      );
    assert.throws(
      () => rewriteModule(module),
      (error: unknown) => {
        assert.instance(error, EngineError);
        return bytes ? expected.test(String(error)) : /exec format error/.test(String(error));
      },
    );
  });
}

test('what is no module says so', async () => {
  const reject = (bytes: Uint8Array<ArrayBuffer>, expected: RegExp): void =>
    assert.throws(
      () => rewriteModule(bytes),
      (error: unknown) => {
        assert.instance(error, EngineError);
        return expected.test(String(error));
      },
    );
  reject(new Uint8Array(Buffer.from('#!/bin/sh\n')), /exec format error: not a WebAssembly module/);
  reject(new Uint8Array(0), /not a WebAssembly module/);
  reject(new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), /component/);
  const whole = await wat(`(module ${COMMAND})`);
  reject(whole.slice(0, whole.length - 3), /truncated/);
});

test('hostile bytes end in an EngineError and nothing else', async () => {
  const whole = await wat(
    `(module (import "a" "b" (func (param i32))) ${COMMAND} (data (i32.const 0) "x"))`,
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
      (edits) => {
        const bytes = whole.slice();
        for (const [at, value] of edits) bytes[at] = value;
        try {
          rewriteModule(bytes);
        } catch (thrown) {
          assert.instance(thrown, EngineError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test.run();
