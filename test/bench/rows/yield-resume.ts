import { ByteWriter } from '../../../src/base/byte-writer.ts';
import { HOOKS } from '../../../src/rewrite/hooks.ts';
import { type RewrittenModule, rewriteModule } from '../../../src/rewrite/rewrite-module.ts';
import { compileSource } from '../../suite/compile-source.ts';
import { MemoryHost, preview1ImportsOf } from '../metering/memory-host.ts';
import type { Row } from '../row.ts';

const ITERATIONS = 3_000_000;
const RUNS = 10;
const WARM_UP = 3;
/** So that one run yields some thousand times, and another hardly ever. */
const SHORT_SLICE = 200;
const LONG_SLICE = 1_000_000_000;

/**
 * One yield of metered code whose slice is used up: out through a hook that suspends its stack, and
 * back in the next microtask. The time of a run with many yields, less that of one without.
 */
export const YIELD_RESUME: Row = {
  id: 'yield-resume',
  title: 'a yield of metered code through a suspending hook, and back',
  unit: 'µs',
  bar: 0.3,
  measure: async () => {
    const bytes = new Uint8Array(await compileSource('wasm/bench/spin.c'));
    const rewritten = rewriteModule(bytes);
    const module = new WebAssembly.Module(rewritten.bytes);
    const samples: number[] = [];
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const short = await spin(rewritten, module, SHORT_SLICE);
      const long = await spin(rewritten, module, LONG_SLICE);
      if (short.yields < 1000) throw new Error(`only ${short.yields} yields`);
      const microseconds = ((short.spentMs - long.spentMs) * 1000) / (short.yields - long.yields);
      if (run >= WARM_UP) samples.push(microseconds);
    }
    return samples;
  },
};

async function spin(
  rewritten: RewrittenModule,
  module: WebAssembly.Module,
  slice: number,
): Promise<{ spentMs: number; yields: number }> {
  const host = new MemoryHost({ args: ['spin', String(ITERATIONS)], env: [], files: new Map() });
  const imports = host.imports(preview1ImportsOf(rewritten.functionImports));
  const { exports } = new WebAssembly.Instance(module, imports);
  const fuel = exports[rewritten.fuelExport] as WebAssembly.Global;
  const hooks = exports[rewritten.hooksExport] as unknown as {
    set(index: number, hook: unknown): void;
  };
  const { _start: start, memory } = exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
    throw new Error('spin has no memory or no _start');
  }
  host.attachMemory(memory);
  let yields = 0;
  const goOn = Promise.resolve(0);
  const hook = new WebAssembly.Suspending(() => {
    yields += 1;
    fuel.value = slice;
    return goOn;
  });
  const adapter = new WebAssembly.Instance(ADAPTER, { host: { hook } });
  hooks.set(HOOKS.yield, adapter.exports['hook']);
  fuel.value = slice;
  const started = performance.now();
  await WebAssembly.promising(start as WebAssembly.ExportedFunction)();
  return { spentMs: performance.now() - started, yields };
}

/** Exports its import of type () → i32 again, for a table takes no function that is not a module's. */
const ADAPTER = new WebAssembly.Module(
  new ByteWriter()
    .raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])
    .u8(1)
    .sized(new ByteWriter().raw([1, 0x60, 0, 1, 0x7f]))
    .u8(2)
    .sized(new ByteWriter().u8(1).name('host').name('hook').raw([0x00, 0]))
    .u8(7)
    .sized(new ByteWriter().u8(1).name('hook').raw([0x00, 0]))
    .finish(),
);
