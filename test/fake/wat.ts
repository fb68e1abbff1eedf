import { createRequire } from 'node:module';

interface Wabt {
  parseWat(
    name: string,
    text: string,
    features: Record<string, boolean>,
  ): { toBinary(options: object): { buffer: Uint8Array<ArrayBuffer> }; destroy(): void };
}

const loadWabt = createRequire(import.meta.url)('wabt') as () => Promise<Wabt>;

const FEATURES = {
  exceptions: true,
  tail_call: true,
  threads: true,
  memory64: true,
  extended_const: true,
  relaxed_simd: true,
  function_references: true,
  multi_memory: true,
};

/** Assembles the text format with every proposal that wabt knows and V8 runs. */
export async function wat(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('test.wat', text, FEATURES);
  try {
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
