import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { HOOK_COUNT, HOOKS } from '../../../src/rewrite/hooks.ts';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { assemble, functionModule, leb, meter, moduleOf } from './modules.ts';

const COMMAND = '(memory (export "memory") 1) (func (export "_start"))';

test('a start function is not run by instantiation but exported', async () => {
  const bytes = await assemble(`
    (import "host" "note" (func $note (param i32)))
    (func $begin (call $note (i32.const 1)))
    (start $begin)
    (func (export "wolffia:start") (call $note (i32.const 9)))
    ${COMMAND}`);
  const { startExport, functionImports } = rewriteModule(bytes);
  assert.equal(
    functionImports.map(({ module, name, type }) => [module, name, type]),
    [['host', 'note', { parameters: [0x7f], results: [] }]],
  );
  const notes: number[] = [];
  const guest = meter(bytes, { imports: { host: { note: (value: number) => notes.push(value) } } });
  assert.equal(notes, []);
  assert.is(startExport, "wolffia:start'", "the guest's own export of that name stays its own");
  guest.start();
  assert.equal(notes, [1]);
});

test('the fuel is 0 in a fresh instance, and the hooks are not set', () => {
  const { bytes, fuelExport, hooksExport, startExport } = rewriteModule(moduleOf([]));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const fuel = exports[fuelExport];
  assert.instance(fuel, WebAssembly.Global);
  if (fuel instanceof WebAssembly.Global) assert.is(fuel.value, 0);
  const hooks = exports[hooksExport];
  assert.instance(hooks, WebAssembly.Table);
  assert.is(startExport, undefined);
  assert.is(Object.keys(HOOKS).length, HOOK_COUNT);
});

test('export names that the guest has taken are left to it', async () => {
  const bytes = await assemble(
    `(global (export "wolffia:fuel") i32 (i32.const 5)) (func (export "wolffia:hooks"))`,
  );
  const rewritten = rewriteModule(bytes);
  assert.is(rewritten.fuelExport, "wolffia:fuel'");
  assert.is(rewritten.hooksExport, "wolffia:hooks'");
});

test('custom sections go, but the names stay', async () => {
  const bytes = await assemble(COMMAND);
  const custom = (name: string): number[] => [
    0,
    name.length + 2,
    name.length,
    ...Buffer.from(name),
    7,
  ];
  const withCustom = new Uint8Array([
    ...bytes,
    ...custom('producers'),
    ...custom('metadata.code.branch_hint'),
    ...custom('name'),
  ]);
  const { bytes: rewritten } = rewriteModule(withCustom);
  const text = Buffer.from(rewritten).toString('latin1');
  assert.not.match(text, 'producers');
  assert.ok(text.endsWith(Buffer.from(custom('name')).toString('latin1')));
});

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
  const whole = await assemble(COMMAND);
  reject(whole.slice(0, whole.length - 3), /truncated/);
});

// A module with one type, function, table, global, tag: what is appended has index 1 and more.
const OWN: readonly (readonly [number, readonly number[]])[] = [
  [4, [1, 0x70, 0, 1]],
  [6, [1, 0x7f, 1, 0x41, 0, 0x0b]],
  [13, [1, 0, 0]],
];

const ESCAPES: readonly (readonly [string, readonly number[]])[] = [
  ['global.get of the fuel', [0x23, 1, 0x1a]],
  ['global.set of the fuel', [0x41, 0, 0x24, 1]],
  ['global.get in five bytes', [0x23, 0x81, 0x80, 0x80, 0x80, 0x00, 0x1a]],
  ['a call of an appended function', [0x10, 1]],
  ['a tail call of an appended function', [0x12, 1]],
  ['ref.func of an appended function', [0xd2, 1, 0x1a]],
  ['call_indirect through the hooks', [0x41, 0, 0x11, 0, 1]],
  ['call_indirect of an appended type', [0x41, 0, 0x11, 1, 0, 0x1a]],
  ['table.get of the hooks', [0x41, 0, 0x25, 1, 0x1a]],
  ['table.set of the hooks', [0x41, 0, 0xd0, 0x70, 0x26, 1]],
  ['table.fill of the hooks', [0x41, 0, 0xd0, 0x70, 0x41, 0, 0xfc, 17, 1]],
  ['table.copy from the hooks', [0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 14, 0, 1]],
  ['a block of an appended type', [0x02, 1, 0x41, 0, 0x0b, 0x1a]],
  ['a local that is added', [0x20, 0, 0x1a, 0x03, 0x40, 0x0b]],
  ['a label outside of the function', [0x0c, 1]],
  ['an unknown tag', [0x08, 1]],
];

for (const [what, code] of ESCAPES) {
  test(`no way out: ${what}`, () => {
    const bytes = functionModule(code, { sections: OWN });
    assert.not.ok(WebAssembly.validate(bytes));
    assert.throws(() => rewriteModule(bytes), /malformed module: .*(range|index)/);
  });
}

const OUTSIDE: readonly (readonly [string, readonly (readonly [number, readonly number[]])[]])[] = [
  ['an export of the fuel', [[7, [1, 1, 0x67, 3, 0]]]],
  ['an export of an appended function', [[7, [1, 1, 0x67, 0, 0]]]],
  ['a start function that is appended', [[8, [0]]]],
  ['a global that is the fuel', [[6, [1, 0x7f, 0, 0x23, 1, 0x0b]]]],
  [
    'a segment in the hooks',
    [
      [4, [1, 0x70, 0, 1]],
      [9, [1, 2, 1, 0x41, 0, 0x0b, 0, 0]],
    ],
  ],
  ['a type of later types', [[1, [1, 0x60, 1, 0x63, 1, 0]]]],
];

for (const [what, sections] of OUTSIDE) {
  test(`no way out: ${what}`, () => {
    const bytes = moduleOf(sections);
    assert.not.ok(WebAssembly.validate(bytes));
    assert.throws(() => rewriteModule(bytes), /malformed module/);
  });
}

test('a reference to the start function is not declared by our exporting it', () => {
  // A second function, which is the start function.
  const two = moduleOf([
    [1, [1, 0x60, 0, 0]],
    [3, [2, 0, 0]],
    [7, [1, 1, 0x66, 0, 0]],
    [8, [1]],
    [10, [2, ...leb(5), 0, 0xd2, 1, 0x1a, 0x0b, ...leb(2), 0, 0x0b]],
  ]);
  assert.not.ok(WebAssembly.validate(two));
  assert.throws(() => rewriteModule(two), /undeclared/);
});

const RICH = `
  (type $binary (func (param i32 i32) (result i32)))
  (import "m" "f" (func $imported (param i32) (result i32)))
  (memory (export "memory") 1 4) (table $t 4 100000 funcref) (table $u 2 externref)
  (global $g (mut i32) (i32.const 7)) (tag $e (param i32))
  (elem (i32.const 0) $a $b) (elem $el func $a) (data $d "hello") (data (i32.const 3) "x")
  (func $a (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $b (export "b") (param i32 i32) (result i32) (local i32 i64 f64)
    (block (loop
      (br_if 1 (i32.eqz (local.get 0)))
      (if (local.get 1) (then (local.set 2 (call $a (local.get 0) (local.get 2)))))
      (br 0)))
    (loop
      (local.set 2 (i32.add (local.get 2) (local.get 1)))
      (br_if 0 (i32.lt_s (local.tee 1 (i32.add (local.get 1) (i32.const 3))) (i32.const 40))))
    (try (do (loop (call $c) (br_if 0 (local.get 1))))
      (catch $e (local.set 2)) (catch_all (rethrow 0)))
    (memory.copy (i32.const 0) (i32.const 5) (local.get 1))
    (memory.init $d (i32.const 0) (i32.const 0) (i32.const 5))
    (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))
    (drop (table.grow $u (ref.null extern) (i32.const 1)))
    (table.init $t $el (i32.const 0) (i32.const 0) (i32.const 1))
    (drop (memory.grow (i32.const 1))) (drop (ref.func $a))
    (block (block (block (br_table 0 1 2 (local.get 1)))))
    (return_call $a (local.get 0) (global.get $g)))
  (func $c (local v128)
    (local.set 0 (v128.const i32x4 1 2 3 4))
    (if (i32x4.extract_lane 1 (local.get 0)) (then (throw $e (i32.const 1))))
    (i32.atomic.store (i32.const 0) (i32.const 1)))
  (func $s (global.set $g (call $imported (i32.const 1)))) (start $s)`;

/** Bytes that mean something as opcodes, types or indices. */
const TELLING = [0, 1, 2, 3, 4, 5, 0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x1f, 0x20, 0x23, 0x40, 0x70];

test('hostile bytes: what was invalid stays so, what was valid too, and errors are ours', async () => {
  const whole = await assemble(RICH);
  assert.ok(WebAssembly.validate(whole));
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(...TELLING, 0x7f, 0xfb, 0xfc, 0xfd, 0xfe));
  const edit = fc.tuple(fc.integer({ min: 8, max: whole.length - 1 }), byte);
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const bytes = whole.slice();
      for (const [at, value] of edits) bytes[at] = value;
      const wasValid = WebAssembly.validate(bytes);
      try {
        assert.is(WebAssembly.validate(rewriteModule(bytes).bytes), wasValid);
      } catch (thrown) {
        assert.instance(thrown, EngineError);
        assert.not.ok(wasValid, String(thrown));
      }
    }),
    { numRuns: 4_000 },
  );
});

test.run();
