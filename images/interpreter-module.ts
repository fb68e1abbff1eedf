import { ByteWriter } from '../src/base/byte-writer.ts';
import { ByteReader } from '../src/rewrite/byte-reader.ts';
import { type ModuleOutline, readOutline, SECTION } from '../src/rewrite/module-sections.ts';

export interface InterpreterFacts {
  /** Its library's file system answers ENOTSUP in place of poll_oneoff. */
  readonly withholdsPoll: boolean;
}

/**
 * Makes an interpreter's module fit for a container: takes its debugging sections away (a third of
 * its size), and lets it sleep.
 *
 * Some carry their library in a file system of their own (wasi-vfs), which stands between the C
 * library and the system's calls, and answers ENOTSUP in place of poll_oneoff. Python's sleep and
 * select need that call. The one function that stands there is replaced by one
 * that passes the call on.
 *
 * # Errors
 * an Error when the module has not exactly one such function: it is another build than the one that
 * this was made for
 */
export function prepareInterpreter(
  bytes: Uint8Array<ArrayBuffer>,
  { withholdsPoll }: InterpreterFacts,
): Uint8Array {
  const outline = readOutline(bytes);
  const poll = outline.imports
    .filter(({ kind }) => kind === 'function')
    .findIndex(({ name }) => name === 'poll_oneoff');
  if (withholdsPoll && poll < 0) throw new Error('the module does not import poll_oneoff');
  const writer = new ByteWriter();
  writer.raw(bytes.subarray(0, outline.sections[0]?.start ?? bytes.length));
  for (const section of outline.sections) {
    if (isDebugSection(outline, section)) continue;
    if (section.id === SECTION.code && withholdsPoll) {
      const content = bytes.subarray(section.contentStart, section.end);
      writer.u8(SECTION.code).sized(replaceWrapper(content, poll));
    } else {
      writer.raw(bytes.subarray(section.start, section.end));
    }
  }
  return writer.finish();
}

function isDebugSection(
  { bytes }: ModuleOutline,
  { id, contentStart, end }: ModuleOutline['sections'][number],
): boolean {
  if (id !== SECTION.custom) return false;
  return new ByteReader(bytes, contentStart, end).name().startsWith('.debug_');
}

const LOCAL_GET = 0x20;
const CALL = 0x10;
const END = 0x0b;
/** `i32.const 58`, preview1's ENOTSUP. */
const CONST_ENOTSUP = [0x41, 0x3a];

/** The code section's content with the function that withholds the imported one replaced. */
function replaceWrapper(content: Uint8Array, importIndex: number): ByteWriter {
  const passOn = new ByteWriter();
  for (const parameter of [0, 1, 2, 3]) passOn.u8(LOCAL_GET).u8(parameter);
  passOn.u8(CALL).unsigned(importIndex);
  const replacement = new ByteWriter().unsigned(0).raw(passOn.view()).u8(END);

  const reader = new ByteReader(content);
  const writer = new ByteWriter();
  const count = reader.unsigned();
  writer.unsigned(count);
  let replacedCount = 0;
  for (let index = 0; index < count; index++) {
    const body = reader.take(reader.unsigned());
    const text = Buffer.from(body.buffer, body.byteOffset, body.length);
    const isWrapper = text.includes(passOn.view()) && text.includes(Buffer.from(CONST_ENOTSUP));
    if (isWrapper) replacedCount += 1;
    if (isWrapper) writer.sized(replacement);
    else writer.unsigned(body.length).raw(body);
  }
  if (replacedCount !== 1) {
    throw new Error(`expected one function that withholds poll_oneoff, found ${replacedCount}`);
  }
  return writer;
}
