import { ERRNO } from '../base/errno.ts';
import type { GuestMemory } from '../kernel/guest-memory.ts';

/** As Linux's argument lists: more strings or bytes are E2BIG. */
const MAX_STRINGS = 65_536;
const MAX_BYTES = 4 * 1024 * 1024;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** A list of strings that end with a NUL each, one after the other. Throws E2BIG, EFAULT. */
export function readStrings(memory: GuestMemory, pointer: number, length: number): string[] {
  return readList(memory, pointer, length, '\0');
}

/** The same with a line feed behind each, as wasix has it. */
export function readLines(memory: GuestMemory, pointer: number, length: number): string[] {
  return readList(memory, pointer, length, '\n');
}

function readList(
  memory: GuestMemory,
  pointer: number,
  length: number,
  terminator: string,
): string[] {
  if (length >>> 0 > MAX_BYTES) throw ERRNO.E2BIG;
  const text = decoder.decode(memory.bytes(pointer, length));
  if (text === '') return [];
  // Not the whole text is taken apart: of empty strings it may hold millions.
  const strings = text.split(terminator, MAX_STRINGS + 2);
  if (strings.length <= MAX_STRINGS + 1 && text.endsWith(terminator)) strings.pop();
  if (strings.length > MAX_STRINGS) throw ERRNO.E2BIG;
  return strings;
}

/**
 * Writes as much of a text as fits and its length, both without a NUL; `whole` throws when it does
 * not fit, with the length written.
 */
export function writeText(
  memory: GuestMemory,
  text: string,
  target: { readonly pointer: number; readonly capacity: number; readonly length: number },
  tooShort: typeof ERRNO.ERANGE | typeof ERRNO.EOVERFLOW,
): undefined {
  const bytes = encoder.encode(text);
  memory.writeU32(target.length, bytes.length);
  if (bytes.length > target.capacity >>> 0) throw tooShort;
  memory.bytes(target.pointer, bytes.length).set(bytes);
}
