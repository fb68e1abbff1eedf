import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { assemble, functionModule } from './modules.ts';

const ASYNCIFY = ['start_unwind', 'stop_unwind', 'start_rewind', 'stop_rewind']
  .map((name) => `(func (export "asyncify_${name}"))`)
  .join('');

test('a module exports its mutable globals under names of ours', async () => {
  const bytes = await assemble(`
    (global (mut i64) (i64.const 7)) (global i32 (i32.const 1))
    (global (mut i32) (i32.const 2)) (global (mut f64) (f64.const 3))
    (global (export "wolffia:global:2") i32 (i32.const 9))`);
  const { bytes: rewritten, globals, fuelExport } = rewriteModule(bytes);
  assert.equal(globals, ['wolffia:global:0', "wolffia:global:2'", 'wolffia:global:3']);
  assert.not.ok(globals?.includes(fuelExport));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten));
  const values = globals?.map((name) => (exports[name] as { value?: unknown }).value);
  assert.equal(values, [7n, 2, 3]);
});

const NOT_COPIED: readonly (readonly [string, string])[] = [
  ['with a thousand globals', '(global (mut i32) (i32.const 2))'.repeat(1_001)],
  ['with a vector', `${ASYNCIFY} (global (mut v128) (v128.const i64x2 0 0))`],
  ['with a reference', `${ASYNCIFY} (global (mut funcref) (ref.null func))`],
];

for (const [what, text] of NOT_COPIED) {
  test(`a module ${what} cannot be copied or reset, and exports nothing more`, async () => {
    const { bytes, globals, isResettable } = rewriteModule(await assemble(text));
    assert.is(globals, undefined);
    assert.is(isResettable, false);
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
    assert.not.ok(exported.some(({ name }) => name.startsWith('wolffia:global')));
  });
}

test('more globals than a fork should copy are refused', async () => {
  const many = '(global (mut i32) (i32.const 0))'.repeat(1_001);
  const bytes = await assemble(ASYNCIFY + many);
  assert.throws(() => rewriteModule(bytes), /1001 mutable globals .* more than 1000/);
});

const IRREVERSIBLE: readonly (readonly [string, boolean])[] = [
  ['(table.set 0 (i32.const 0) (ref.null func))', true],
  ['(drop (table.grow 0 (ref.null func) (i32.const 1)))', true],
  ['(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))', true],
  ['(table.copy 0 0 (i32.const 0) (i32.const 0) (i32.const 1))', true],
  ['(table.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0))', true],
  ['(drop (table.get 0 (i32.const 0))) (drop (table.size 0))', false],
  ['(memory.fill (i32.const 0) (i32.const 0) (i32.const 1))', false],
  ['(elem.drop 0)', true],
];

for (const [code, isIrreversible] of IRREVERSIBLE) {
  test(`it is told whether an instance can be set back: ${code}`, async () => {
    const bytes = await assemble(`(memory 1) (table 2 funcref) (elem func) (func ${code})`);
    assert.is(rewriteModule(bytes).isResettable, !isIrreversible);
  });
}

test('objects that an immutable global holds cannot be set back', () => {
  const STRUCT = [0x5f, 1, 0x7f, 1];
  // (global (ref 0) (struct.new 0 (i32.const 1)))
  const global = [1, 0x64, 0, 0, 0x41, 1, 0xfb, 0, 0, 0x0b];
  // (struct.set 0 0 (global.get 0) (i32.const 2))
  const code = [0x23, 0, 0x41, 2, 0xfb, 5, 0, 0];
  const bytes = functionModule(code, {
    types: [STRUCT, [0x60, 0, 0]],
    type: 1,
    sections: [[6, global]],
  });
  assert.ok(WebAssembly.validate(bytes));
  const { globals, isResettable } = rewriteModule(bytes);
  assert.equal(globals, []);
  assert.is(isResettable, false);
});

test.run();
