import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteWriter } from '../../../src/base/byte-writer.ts';
import { EngineError, messageOf } from '../../../src/base/engine-error.ts';
import { requireCommand } from '../../../src/rewrite/admit.ts';
import { type RewrittenModule, rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import {
  type CommandParts,
  command,
  type Fate,
  HOSTILE_MODULES,
} from '../../fake/hostile-modules.ts';
import { instantiateMetered } from '../../fake/metered-guest.ts';
import { wat } from '../../fake/wat.ts';

const SLICE = 100_000;
const LAST_YIELD = 20;
/** 64 MiB, and as many places: what the host allows to grow. */
const MAX_GROWTH = { pages: 1024, elements: 1_000_000 } as const;
/** A counted loop may be charged ahead, and an operation by size comes in pieces. */
const MAX_OVERDRAFT = 400_000;
/** Of a memory of 4 GiB. */
const MAX_GROWTH_CHARGE = 34_000_000;
/** Of a whole run: twenty slices are some milliseconds, were it not for a busy machine. */
const MAX_RUN_MS = 10_000;

const exitModule = new WebAssembly.Module(
  await wat('(module (func (export "proc_exit") (param i32) (unreachable)))'),
);

for (const { name, description, fate, isGreedy, build } of HOSTILE_MODULES) {
  test(`${name}: ${outcomeIn(fate)}`, async () => {
    const bytes = await build();
    if (fate.kind === 'refused') {
      const message = refusalOf(bytes);
      assert.match(message ?? 'it was admitted', fate.reason, description);
      return;
    }
    assert.is(refusalOf(bytes), undefined, description);
    const rewritten = rewriteModule(bytes);
    const module = new WebAssembly.Module(rewritten.bytes);
    if (fate.kind === 'unlinkable') {
      assert.throws(() => new WebAssembly.Instance(module, {}), /TypeError|LinkError|Import/);
      return;
    }
    const run = runToItsEnd(rewritten, module);
    assert.is(run.caught, 0, 'it caught its own end');
    assert.ok(run.yields <= LAST_YIELD, `${run.yields} yields`);
    const mostAhead = isGreedy === true ? MAX_GROWTH_CHARGE : MAX_OVERDRAFT;
    assert.ok(run.overdraft <= mostAhead, `${run.overdraft} fuel before the host was asked`);
    assert.ok(run.milliseconds < MAX_RUN_MS, `${run.milliseconds} ms`);
    if (fate.kind === 'killed') {
      assert.is(run.yields, LAST_YIELD, run.end);
      assert.match(run.end, /^RuntimeError: unreachable/);
    } else {
      assert.match(run.end, /^(RuntimeError|RangeError): /);
    }
  });
}

function outcomeIn(fate: Fate): string {
  switch (fate.kind) {
    case 'refused':
      return `refused (${fate.reason.source})`;
    case 'unlinkable':
      return 'cannot be linked';
    case 'killed':
      return 'ended at a yield';
    case 'traps':
      return 'ends by a trap';
  }
}

/** What the engine says when it does not take the module. */
function refusalOf(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    requireCommand(rewriteModule(bytes));
  } catch (thrown) {
    assert.instance(thrown, EngineError);
    return messageOf(thrown);
  }
  return undefined;
}

interface Run {
  readonly end: string;
  readonly yields: number;
  readonly caught: unknown;
  readonly overdraft: number;
  readonly milliseconds: number;
}

function runToItsEnd(rewritten: RewrittenModule, module: WebAssembly.Module): Run {
  const started = performance.now();
  const exit = new WebAssembly.Instance(exitModule).exports;
  let pages = 0;
  let elements = 0;
  const guest = instantiateMetered(
    rewritten,
    module,
    { wasi_snapshot_preview1: exit },
    {
      slice: SLICE,
      isKilled: (yields) => yields >= LAST_YIELD,
      mayGrowMemory: (delta) => {
        const isAllowed = delta >= 0 && pages + delta <= MAX_GROWTH.pages;
        if (isAllowed) pages += delta;
        return isAllowed;
      },
      mayGrowTable: (delta) => {
        const isAllowed = elements + delta <= MAX_GROWTH.elements;
        if (isAllowed) elements += delta;
        return isAllowed;
      },
    },
  );
  let end = 'it ended as if nothing were';
  try {
    guest.start();
    (guest.exports['_start'] as WebAssembly.ExportedFunction)();
  } catch (thrown) {
    end = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'an exception';
  }
  return {
    end,
    yields: guest.yields(),
    caught: (guest.exports['caught'] as WebAssembly.Global | undefined)?.value ?? 0,
    overdraft: guest.largestOverdraft(),
    milliseconds: performance.now() - started,
  };
}

for (const which of ['', ' (legacy)']) {
  test(`a loop at the very end of the stack does not outlive its end${which}`, async () => {
    const name = `catch_all at the end of the stack${which}`;
    const found = HOSTILE_MODULES.find((candidate) => candidate.name === name);
    const rewritten = rewriteModule(await (found?.build() ?? wat('(module)')));
    const module = new WebAssembly.Module(rewritten.bytes);
    // Enough to get down without a yield: the first one is the loop's.
    const policy = { slice: 1_000_000, isKilled: (yields: number) => yields >= 3 };
    const endAt = (depth: number): string => {
      const guest = instantiateMetered(rewritten, module, {}, policy);
      const descend = guest.exports['descend'] as WebAssembly.ExportedFunction;
      let end = 'returned';
      try {
        descend(depth);
      } catch (thrown) {
        end = String(thrown);
      }
      assert.is((guest.exports['caught'] as WebAssembly.Global).value, 0, `${depth}: ${end}`);
      assert.ok(guest.yields() <= 3, `${guest.yields()} yields`);
      return end;
    };
    let fits = 0;
    let overflows = 200_000;
    while (overflows - fits > 1) {
      const depth = (fits + overflows) >> 1;
      if (endAt(depth).startsWith('RuntimeError: unreachable')) fits = depth;
      else overflows = depth;
    }
    assert.ok(fits > 1000, `${fits} frames`);
    for (let depth = fits - 5; depth < fits + 30; depth++) {
      assert.match(endAt(depth), /^(RuntimeError: unreachable|RangeError: )/);
    }
  });
}

test('our exports stand beside those that are called like them', async () => {
  const found = HOSTILE_MODULES.find(({ name }) => name === 'exports under our names');
  const { fuelExport, hooksExport, startExport, bytes } = rewriteModule(
    await (found?.build() ?? wat('(module)')),
  );
  assert.equal(
    [fuelExport, hooksExport, startExport],
    ["wolffia:fuel''", "wolffia:hooks'", "wolffia:start'"],
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  assert.is((exports['wolffia:fuel'] as WebAssembly.Global).value, 123);
  assert.is((exports["wolffia:fuel'"] as WebAssembly.Global).value, 124);
  assert.is((exports[fuelExport] as WebAssembly.Global).value, 0);
});

const content = (...bytes: number[]): ByteWriter => new ByteWriter().raw(bytes);
/** A body without locals. */
const body = (...bytes: number[]): CommandParts => ({ code: content(0, ...bytes, 0x0b) });
const exportsOf = (kind: number, index: number): CommandParts => ({
  exports: content(3)
    .name('memory')
    .raw([2, 0])
    .name('_start')
    .raw([0, 0])
    .name('x')
    .raw([kind, index]),
});

/** Each names the first thing that the original does not have, and the rewritten one may. */
const PAST_THE_END: readonly (readonly [string, CommandParts])[] = [
  ['call of a function', body(0x10, 1)],
  ['return_call of a function', body(0x12, 1)],
  ['ref.func', body(0xd2, 1, 0x1a)],
  ['call_indirect through a type', body(0x41, 0, 0x11, 1, 0)],
  ['call_indirect through a table', body(0x41, 0, 0x11, 0, 1)],
  ['return_call_indirect through a table', body(0x41, 0, 0x13, 0, 1)],
  ['block of a type', body(0x02, 1, 0x0b)],
  ['loop of a type', body(0x03, 1, 0x0b)],
  ['global.get', body(0x23, 1, 0x1a)],
  ['global.set', body(0x41, 0, 0x24, 1)],
  ['local.get', body(0x20, 0, 0x1a)],
  ['table.get', body(0x41, 0, 0x25, 1, 0x1a)],
  ['table.set', body(0x41, 0, 0xd0, 0x70, 0x26, 1)],
  ['table.size', body(0xfc, 16, 1, 0x1a)],
  ['table.grow', body(0xd0, 0x70, 0x41, 0, 0xfc, 15, 1, 0x1a)],
  ['table.fill', body(0x41, 0, 0xd0, 0x70, 0x41, 0, 0xfc, 17, 1)],
  ['table.copy into', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 14, 1, 0)],
  ['table.copy out of', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 14, 0, 1)],
  ['table.init of a segment', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 12, 0, 0)],
  ['elem.drop', body(0xfc, 13, 0)],
  ['memory.init of a segment', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0)],
  ['memory.size', body(0x3f, 1, 0x1a)],
  ['memory.grow', body(0x41, 0, 0x40, 1, 0x1a)],
  ['memory.fill', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 1)],
  ['load from a memory', body(0x41, 0, 0x28, 0x42, 1, 0, 0x1a)],
  ['throw of a tag', body(0x08, 1)],
  ['catch of a tag (legacy)', body(0x06, 0x40, 0x07, 1, 0x0b)],
  ['catch of a tag', body(0x1f, 0x40, 1, 0, 1, 0, 0x0b)],
  ['branch', body(0x0c, 1)],
  ['br_table', body(0x41, 0, 0x0e, 1, 0, 1)],
  ['delegate', body(0x06, 0x40, 0x18, 1)],
  ['type of a function', { functions: content(1, 1) }],
  ['type of a tag', { tags: content(1, 0, 1) }],
  ['global in an initial value', { globals: content(1, 0x7f, 1, 0x23, 0, 0x0b) }],
  ['function in an initial value', { globals: content(1, 0x70, 1, 0xd2, 1, 0x0b) }],
  ['type in a type', { types: content(1, 0x60, 1, 0x63, 1, 0) }],
  ['export of a function', exportsOf(0, 1)],
  ['export of a table', exportsOf(1, 1)],
  ['export of a memory', exportsOf(2, 1)],
  ['export of a global', exportsOf(3, 1)],
  ['export of a tag', exportsOf(4, 1)],
  ['start function', { start: content(1) }],
  ['function in a segment', { elements: content(1, 0, 0x41, 0, 0x0b, 1, 1) }],
  ['table of a segment', { elements: content(1, 2, 1, 0x41, 0, 0x0b, 0, 1, 0) }],
  ['global in a place of a segment', { elements: content(1, 0, 0x23, 1, 0x0b, 1, 0) }],
  ['memory of a segment', { data: content(1, 2, 1, 0x41, 0, 0x0b, 0) }],
  ['global in a place of data', { data: content(1, 0, 0x23, 1, 0x0b, 0) }],
];

test('what every invalid variant is made from is valid', () => {
  assert.ok(WebAssembly.validate(command({})));
  assert.ok(WebAssembly.validate(rewriteModule(command({})).bytes));
  assert.ok(WebAssembly.validate(command(exportsOf(4, 0))));
  assert.ok(WebAssembly.validate(command(body(0x41, 0, 0x11, 0, 0))));
});

for (const [what, parts] of PAST_THE_END) {
  test(`stays invalid: ${what} one past the end`, () => {
    const bytes = command(parts);
    assert.not(WebAssembly.validate(bytes), 'the test itself: it is valid');
    assert.not(isTaken(bytes));
  });
}

test('what we append cannot be reached by any index', () => {
  const bytes = command(body(0x23, 0, 0x1a, 0x41, 0, 0x25, 0, 0x1a, 0x41, 0, 0x11, 0, 0, 0x10, 0));
  assert.ok(WebAssembly.validate(bytes));
  // The operands of the four instructions, found by what stands before them.
  for (const at of [...bytes.keys()].filter((index) => bytes[index] === 0)) {
    for (let index = 1; index < 12; index++) {
      const mutant = bytes.slice();
      mutant[at] = index;
      assert.ok(WebAssembly.validate(mutant) || !isTaken(mutant), `byte ${at} is ${index}`);
    }
  }
});

test('a module that ends early is refused', async () => {
  const found = HOSTILE_MODULES.find(({ name }) => name === 'infinite tail calls through a table');
  const bytes = await (found?.build() ?? wat('(module)'));
  for (let length = 0; length < bytes.length; length++) {
    const part = bytes.slice(0, length);
    // Between two sections it may be a module of less.
    assert.ok(WebAssembly.validate(part) || !isTaken(part), `${length} bytes`);
  }
});

function isTaken(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    return WebAssembly.validate(rewriteModule(bytes).bytes);
  } catch (thrown) {
    assert.instance(thrown, EngineError);
    return false;
  }
}

test.run();
