import { createRequire } from 'node:module';

interface Wabt {
  parseWat(
    name: string,
    text: string,
    features?: Record<string, boolean>,
  ): { toBinary(options: object): { buffer: Uint8Array<ArrayBuffer> }; destroy(): void };
}

const loadWabt = createRequire(import.meta.url)('wabt') as () => Promise<Wabt>;

/** Assembles WebAssembly's text format. */
export async function wat(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('test.wat', text, { exceptions: true });
  const bytes = new Uint8Array(module.toBinary({}).buffer);
  module.destroy();
  return bytes;
}
