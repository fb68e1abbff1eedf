import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { assemble, functionModule, leb, meter, moduleOf, plainExports } from './modules.ts';

/** In text: each function is called, its answer is that of the plain module. */
const TEXTS: Readonly<Record<string, string>> = {
  'sign extension and saturation': `
    (func (export "f") (result i64)
      (i64.add (i64.extend8_s (i64.const 0x80))
        (i64.add (i64.extend_i32_s (i32.extend16_s (i32.const 0xffff)))
          (i64.trunc_sat_f64_u (f64.const -1)))))`,
  'all kinds of constants and memory accesses': `
    (memory 1)
    (func (export "f") (result i64)
      (f64.store offset=60000 (i32.const 300) (f64.const 1.5))
      (f32.store (i32.const 8) (f32.const 2.5))
      (i64.store32 align=1 (i32.const 3) (i64.const -0x7fffffffffffffff))
      (i64.load (i32.const 1)))`,
  'reference types': `
    (table $t 3 externref) (table $f 3 funcref) (elem declare func $g) (func $g)
    (func (export "f") (result i32)
      (table.set $f (i32.const 1) (ref.func $g))
      (i32.add (table.size $t) (i32.add
        (ref.is_null (table.get $f (i32.const 1)))
        (ref.is_null (select (result externref) (ref.null extern) (ref.null extern)
          (i32.const 1))))))`,
  'multiple values': `
    (func $two (result i32 i32) (i32.const 1) (i32.const 2))
    (func (export "f") (result i32)
      (call $two)
      (block (param i32 i32) (result i32) (i32.add))
      (i32.const 5)
      (loop (param i32 i32) (result i32) (i32.mul)))`,
  SIMD: `
    (memory 1)
    (func (export "f") (result i32)
      (v128.store (i32.const 0)
        (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31
          (v128.const i32x4 1 2 3 4) (i32x4.splat (i32.const 9))))
      (v128.store32_lane 1 (i32.const 32) (v128.load8_splat (i32.const 1)))
      (v128.store (i32.const 48) (v128.load64_zero (i32.const 8)))
      (i32x4.extract_lane 3 (i32x4.add (v128.load (i32.const 0))
        (i32x4.replace_lane 3 (v128.load16x4_u (i32.const 0)) (i32.const 77)))))`,
  'relaxed SIMD': `
    (func (export "f") (result i32)
      (i32x4.extract_lane 0 (i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 3 3 3 3))))`,
  atomics: `
    (memory 1 2 shared)
    (func (export "f") (result i32)
      (atomic.fence)
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 5)))
      (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
      (i32.atomic.rmw8.cmpxchg_u (i32.const 0) (i32.const 5) (i32.const 6)))`,
  'extended constants': `
    (global $g i32 (i32.add (i32.const 3) (i32.mul (i32.const 4) (i32.const 5))))
    (memory 1) (data (offset (i32.sub (i32.const 9) (i32.const 1))) "x")
    (func (export "f") (result i32) (i32.add (global.get $g) (i32.load8_u (i32.const 8))))`,
};

for (const [what, text] of Object.entries(TEXTS)) {
  test(`decodes ${what}`, async () => {
    const bytes = await assemble(text);
    const original = plainExports(bytes)['f'];
    if (typeof original !== 'function') throw new Error('no f');
    const guest = meter(bytes, { slice: 3 });
    assert.is(guest.call('f'), original());
    assert.ok(guest.fuelUsed() > 2);
  });
}

// Types: 0: () -> i32, 1: struct (mut i32, mut i8), 2: array (mut i32), 3: array (mut i8).
// 4 and 5: a recursion group of two subtypes; 6: array (mut (ref null 1)).
const GC_TYPES = [
  [0x60, 0, 1, 0x7f],
  [0x5f, 2, 0x7f, 1, 0x78, 1],
  [0x5e, 0x7f, 1],
  [0x5e, 0x78, 1],
  [0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 5, 1, 0x4f, 1, 4, 0x5f, 2, 0x63, 5, 1, 0x7f, 0],
  [0x5e, 0x63, 1, 1],
];

const GC_CODE: readonly (readonly [string, readonly number[]])[] = [
  ['struct.new and get', [0x41, 5, 0x41, 6, 0xfb, 0, 1, 0xfb, 2, 1, 0]],
  ['struct.new_default, get_s', [0xfb, 1, 1, 0xfb, 3, 1, 1]],
  ['struct.get_u', [0xfb, 1, 1, 0xfb, 4, 1, 1]],
  ['struct.set', [0xfb, 1, 1, 0x41, 7, 0xfb, 5, 1, 0, 0x41, 1]],
  ['array.new, len', [0x41, 1, 0x41, 9, 0xfb, 6, 2, 0xfb, 15]],
  ['array.new_default, get', [0x41, 9, 0xfb, 7, 2, 0x41, 3, 0xfb, 11, 2]],
  ['array.new_fixed', [0x41, 1, 0x41, 2, 0xfb, 8, 2, 2, 0xfb, 15]],
  ['array.new_data, get_s', [0x41, 0, 0x41, 4, 0xfb, 9, 3, 0, 0x41, 1, 0xfb, 12, 3]],
  ['array.get_u', [0x41, 4, 0xfb, 7, 3, 0x41, 1, 0xfb, 13, 3]],
  ['array.set', [0x41, 4, 0xfb, 7, 2, 0x41, 1, 0x41, 9, 0xfb, 14, 2, 0x41, 2]],
  ['array.fill', [0x41, 4, 0xfb, 7, 2, 0x41, 0, 0x41, 9, 0x41, 4, 0xfb, 16, 2, 0x41, 2]],
  [
    'array.copy',
    [
      ...[0x41, 4, 0xfb, 7, 2, 0x41, 0, 0x41, 4, 0xfb, 7, 2, 0x41, 0, 0x41, 4],
      ...[0xfb, 17, 2, 2, 0x41, 3],
    ],
  ],
  ['array.init_data', [0x41, 4, 0xfb, 7, 3, 0x41, 0, 0x41, 0, 0x41, 4, 0xfb, 18, 3, 0, 0x41, 3]],
  ['ref.test, ref.cast', [0xfb, 1, 1, 0xfb, 23, 1, 0xfb, 20, 1]],
  ['ref.test null', [0xd0, 0x6e, 0xfb, 21, 0x6b]],
  ['ref.i31, i31.get', [0x41, 5, 0xfb, 28, 0xfb, 29]],
  ['any and extern', [0x41, 5, 0xfb, 28, 0xfb, 27, 0xfb, 26, 0xfb, 20, 0x6c]],
  ['ref.eq', [0xd0, 1, 0xd0, 1, 0xd3]],
  [
    'br_on_cast out of a loop',
    [
      ...[0x02, 0x63, 1, 0x03, 0x40, 0xfb, 1, 1, 0xfb, 24, 3, 1, 0x6b, 1, 0x1a, 0x0c, 0, 0x0b],
      ...[0xd0, 1, 0x0b, 0xd1],
    ],
  ],
  [
    'br_on_cast_fail out of a loop',
    [
      ...[0x02, 0x63, 0x6e, 0x03, 0x40, 0x41, 1, 0xfb, 28],
      ...[0xfb, 25, 3, 1, 0x6e, 1, 0x1a, 0x0c, 0, 0x0b, 0xd0, 0x6e, 0x0b, 0xd1],
    ],
  ],
  [
    'br_on_non_null out of a loop',
    [0x02, 0x64, 1, 0x03, 0x40, 0xfb, 1, 1, 0xd6, 1, 0x0c, 0, 0x0b, 0x00, 0x0b, 0xd1],
  ],
  ['a block of a reference type', [0x02, 0x63, 5, 0xd0, 5, 0x0b, 0xd1]],
];

for (const [what, code] of GC_CODE) {
  test(`decodes ${what}`, () => {
    const bytes = functionModule(code, {
      types: GC_TYPES,
      sections: [
        [12, [1]],
        [11, [1, 1, 4, 1, 2, 3, 4]],
      ],
    });
    const original = plainExports(bytes)['f'];
    if (typeof original !== 'function') throw new Error('no f');
    assert.is(meter(bytes, { slice: 2 }).call('f'), original());
  });
}

test('decodes call_ref and return_call_ref', () => {
  // 0: call_ref of 1; 1: return_call_ref of 2; 2: 42. All of type () -> i32.
  const bytes = moduleOf([
    [1, [1, 0x60, 0, 1, 0x7f]],
    [3, [3, 0, 0, 0]],
    [7, [1, 1, 0x66, 0, 0]],
    [9, [1, 3, 0, 2, 1, 2]],
    [10, [3, 6, 0, 0xd2, 1, 0x14, 0, 0x0b, 6, 0, 0xd2, 2, 0x15, 0, 0x0b, 4, 0, 0x41, 42, 0x0b]],
  ]);
  const guest = meter(bytes, { slice: 1 });
  assert.is(guest.call('f'), 42);
  // Two references, two indirect calls and a constant.
  assert.is(guest.fuelUsed(), 2 + 2 * 2 + 1);
});

test('arrays are charged by their size', () => {
  const code = [0x20, 0, 0xfb, 7, 2, 0xfb, 15];
  const bytes = functionModule(code, { types: [...GC_TYPES, [0x60, 1, 0x7f, 1, 0x7f]], type: 7 });
  const guest = meter(bytes);
  assert.is(guest.costOf('f', 8_000) - guest.costOf('f', 0), 1_000);
});

test('numbers may be longer than they need be', () => {
  // block; i32.const 0 in five bytes; local.set 0 in three; br 0 in two; end; local.get 0
  const code = [
    ...[0x02, 0x40, 0x41, 0x80, 0x80, 0x80, 0x80, 0x00, 0x21, 0x80, 0x80, 0x00],
    ...[0x0c, 0x80, 0x00, 0x0b, 0x20, 0x80, 0x00, 0x1a],
  ];
  const bytes = functionModule(code, { locals: [1, ...leb(1), 0x7f] });
  const guest = meter(bytes);
  guest.call('f');
  assert.is(guest.fuelUsed(), 4);
});

test('what ends within an instruction is malformed', () => {
  for (const code of [[0x41], [0x44, 1], [0x02], [0x0e, 5, 0], [0xfd, 12, 1, 2], [0x20]]) {
    assert.throws(() => rewriteModule(functionModule(code)), /malformed module/);
  }
});

test.run();
