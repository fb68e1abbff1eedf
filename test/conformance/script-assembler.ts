import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../src/base/engine-error.ts';
import { wat } from '../fake/wat.ts';
import type { ModuleSource } from './wast-reader.ts';

/** The bytes of a script's module, or what is wrong with its text. */
export type Assembled =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly textError: string };

export type Assembler = (source: ModuleSource) => Promise<Assembled>;

type AssembleText = (text: string) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * The package whose `wasm-tools` knows all of the current text format. It is no devDependency: with
 * what it needs it is 130 MB, and only whoever has the suite has a use for it.
 */
export const WASM_TOOLS_PACKAGE = '@bytecodealliance/jco-transpile';

/**
 * wabt knows neither the garbage collector's types nor typed function references, but the old form
 * of exceptions, which `wasm-tools` no longer reads folded. So the second is asked where the first
 * fails.
 */
export async function openAssembler(toolsDirectory: string | undefined): Promise<Assembler> {
  const wasmTools = await loadWasmTools(toolsDirectory);
  return async (source) => {
    if (source.form === 'binary') return { bytes: source.bytes };
    const text = withoutUnicode(source.form === 'text' ? source.text : moduleText(source.text));
    try {
      return { bytes: await (wasmTools ?? wat)(text) };
    } catch (thrown) {
      // Quoted text is there to be refused: a second opinion would only be a laxer one.
      if (!wasmTools || source.form === 'quote') return { textError: messageOf(thrown) };
      const textError = messageOf(thrown);
      return wat(text).then(
        (bytes) => ({ bytes }),
        () => ({ textError }),
      );
    }
  };
}

/** As escapes: assemblers find some characters too confusing for people. */
function withoutUnicode(text: string): string {
  const escaped = (character: string): string =>
    [...new TextEncoder().encode(character)].map((byte) => `\\${byte.toString(16)}`).join('');
  return text.replace(/\P{ASCII}/gu, escaped);
}

function moduleText(quoted: string): string {
  return /^\s*\(module\b/.test(quoted) ? quoted : `(module ${quoted}\n)`;
}

/** From the repository's own packages, or from those under the directory that was named. */
async function loadWasmTools(directory: string | undefined): Promise<AssembleText | undefined> {
  const from = createRequire(directory ? join(directory, 'package.json') : import.meta.url);
  let path: string;
  try {
    path = from.resolve(`${WASM_TOOLS_PACKAGE}/wasm-tools`);
  } catch {
    return undefined;
  }
  const tools: { readonly parse: AssembleText } = await import(pathToFileURL(path).href);
  return tools.parse;
}
