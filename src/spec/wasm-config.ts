import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';
import { parseJson } from '../base/parse-json.ts';

const MAX_TEXT = 4_096;
const MAX_NAMES = 65_536;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const names = v.nullish(v.pipe(v.array(text), v.maxLength(MAX_NAMES)));

/**
 * What a WebAssembly artifact says of itself (CNCF "Wasm OCI Artifact"). Older forms have an empty
 * object there, or nothing.
 */
const wasmConfig = v.object({
  created: v.nullish(text),
  author: v.nullish(text),
  architecture: v.nullish(text),
  os: v.nullish(text),
  layerDigests: names,
  component: v.nullish(v.object({ exports: names, imports: names, target: v.nullish(text) })),
});

export type WasmConfig = v.InferOutput<typeof wasmConfig>;

/** # Errors: invalid-argument for what is neither empty nor such an object. */
export function parseWasmConfig(bytes: Uint8Array): WasmConfig {
  const json = Buffer.from(bytes).toString().trim();
  try {
    return v.parse(wasmConfig, json === '' ? {} : parseJson(json));
  } catch (thrown) {
    throw new EngineError('invalid-argument', 'invalid WebAssembly artifact: its configuration', {
      cause: thrown,
    });
  }
}
