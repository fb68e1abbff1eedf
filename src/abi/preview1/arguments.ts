import type { GuestMemory } from '../../kernel/guest-memory.ts';
import { type Hostcall, hostcall } from '../hostcall.ts';

/** args_* and environ_*: two lists of NUL-terminated strings, asked for by size first. */
export const ARGUMENT_CALLS = {
  args_get: hostcall(['i32', 'i32'], (thread, pointers, buffer) =>
    writeStrings(thread.memory, thread.process.args, pointers, buffer),
  ),
  args_sizes_get: hostcall(['i32', 'i32'], (thread, count, size) =>
    writeSizes(thread.memory, thread.process.args, count, size),
  ),
  environ_get: hostcall(['i32', 'i32'], (thread, pointers, buffer) =>
    writeStrings(thread.memory, thread.process.env, pointers, buffer),
  ),
  environ_sizes_get: hostcall(['i32', 'i32'], (thread, count, size) =>
    writeSizes(thread.memory, thread.process.env, count, size),
  ),
} satisfies Record<string, Hostcall>;

const encoder = new TextEncoder();

function writeSizes(
  memory: GuestMemory,
  strings: readonly string[],
  countPointer: number,
  sizePointer: number,
): undefined {
  const size = strings.reduce((sum, text) => sum + encoder.encode(text).length + 1, 0);
  memory.writeU32(countPointer, strings.length);
  memory.writeU32(sizePointer, size);
}

function writeStrings(
  memory: GuestMemory,
  strings: readonly string[],
  pointers: number,
  buffer: number,
): undefined {
  let at = buffer >>> 0;
  strings.forEach((text, index) => {
    const bytes = encoder.encode(text);
    memory.writeU32((pointers >>> 0) + index * 4, at);
    memory.bytes(at, bytes.length).set(bytes);
    memory.writeU8(at + bytes.length, 0);
    at += bytes.length + 1;
  });
}
