import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../../src/base/engine-error.ts';
import { ADMISSION_LIMITS, requireCommand } from '../../../src/rewrite/admit.ts';
import { rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { assemble, functionModule, leb, moduleOf } from './modules.ts';

const COMMAND = '(memory (export "memory") 1) (func (export "_start"))';

function refuses(make: () => unknown, expected: RegExp): void {
  assert.throws(make, (error: unknown) => {
    assert.instance(error, EngineError);
    assert.match(String(error), /exec format error: the module is refused/);
    assert.match(String(error), expected);
    return true;
  });
}

const NO_COMMANDS: readonly (readonly [string, string, RegExp])[] = [
  ['no _start', '(memory (export "memory") 1)', /no function '_start'/],
  ['no memory', '(func (export "_start"))', /no memory named 'memory'/],
  ['a 64-bit memory', '(memory (export "memory") i64 1) (func (export "_start"))', /memory64/],
];

for (const [what, text, expected] of NO_COMMANDS) {
  test(`${what} can be rewritten, but is no command`, async () => {
    const rewritten = rewriteModule(await assemble(text));
    assert.ok(WebAssembly.validate(rewritten.bytes));
    refuses(() => requireCommand(rewritten), expected);
  });
}

test('a command is one', async () => {
  const threads =
    '(import "env" "memory" (memory 1 2 shared)) (export "memory" (memory 0)) (func (export "_start"))';
  for (const text of [COMMAND, threads]) requireCommand(rewriteModule(await assemble(text)));
});

test('several memories are refused by name', () => {
  refuses(() => rewriteModule(moduleOf([[5, [2, 0, 1, 0, 1]]])), /2 memories \(multi-memory\)/);
});

test('limits of the module', () => {
  const tooLarge = new Uint8Array(ADMISSION_LIMITS.moduleSizeBytes + 1);
  refuses(() => rewriteModule(tooLarge), /268435457 bytes are more than 268435456/);
  const tables = moduleOf([[4, [1, 0x70, 0, ...leb(1_000_001)]]]);
  refuses(() => rewriteModule(tables), /1000001 initial entries of tables are more than 1000000/);
  const split = moduleOf([[4, [2, 0x70, 0, ...leb(600_000), 0x70, 0, ...leb(600_000)]]]);
  refuses(() => rewriteModule(split), /1200000 initial entries/);
  const pages = moduleOf([[5, [1, 0, ...leb(65_537)]]]);
  refuses(() => rewriteModule(pages), /65537 pages of initial memory are more than 65536/);
  const parameters = moduleOf([
    [1, [1, 0x60, ...leb(1_001), ...Array<number>(1_001).fill(0x7f), 0]],
  ]);
  assert.throws(() => rewriteModule(parameters), /count too large/);
});

test('limits of a function, which the message names', () => {
  const locals = functionModule([], { locals: [1, ...leb(50_001), 0x7f] });
  refuses(() => rewriteModule(locals), /more than 50000 locals, in function 0/);

  const nested = functionModule([
    ...Array<number[]>(50_001).fill([0x02, 0x40]).flat(),
    ...Array<number>(50_001).fill(0x0b),
  ]);
  refuses(() => rewriteModule(nested), /blocks nested deeper than 50000/);

  const table = functionModule([0x41, 0, 0x0e, ...leb(65_521), ...Array<number>(65_522).fill(0)]);
  refuses(() => rewriteModule(table), /br_table of more than 65520 entries/);

  refuses(() => rewriteModule(withName(arms(1_000), 'bomb')), /in function 0 "bomb"/);
});

/** A function of 10,000 locals with so many empty arms. */
function arms(count: number): Uint8Array<ArrayBuffer> {
  const code = Array<number[]>(count).fill([0x20, 0, 0x04, 0x40, 0x0b]).flat();
  return functionModule(code, { locals: [1, ...leb(10_000), 0x7f] });
}

function withName(bytes: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const names = [1, 0, name.length, ...Buffer.from(name)];
  const content = [4, ...Buffer.from('name'), 1, names.length, ...names];
  return new Uint8Array([...bytes, 0, content.length, ...content]);
}

test('locals times branches', () => {
  const few = arms(100);
  assert.ok(WebAssembly.validate(rewriteModule(few).bytes));
  refuses(
    () => rewriteModule(arms(1_000)),
    /10000 locals times 2001 branches are more than 10000000, in function 0/,
  );
});

test('instructions of proposals that do not run are refused by name', () => {
  const refusals: readonly (readonly [readonly number[], RegExp])[] = [
    [[0xe0, 0], /0xe0 \(stack switching\)/],
    [[0xfc, 19], /0xfc 19 \(wide arithmetic\)/],
    [[0xfd, ...leb(0x120)], /0xfd 288 \(half precision/],
    [[0xfe, 0x60], /0xfe 96 \(shared-everything threads\)/],
    [[0xfb, 0x20], /0xfb 32 \(custom descriptors/],
    [[0x27], /unknown instruction 0x27/],
  ];
  for (const [code, expected] of refusals) {
    refuses(() => rewriteModule(functionModule(code)), expected);
  }
});

test.run();
