import { ByteWriter } from '../base/byte-writer.ts';
import type { AppendedItems } from './appended-items.ts';
import { Assembler } from './assembler.ts';
import { ByteReader } from './byte-reader.ts';
import { EXTERNAL_KIND } from './external-kind.ts';
import {
  HEADER_SIZE,
  type ModuleOutline,
  SECTION,
  SECTION_ORDER,
  type Section,
  SHARED_FLAG,
} from './module-sections.ts';

export interface AppendedExports {
  readonly fuel: string;
  readonly hooks: string;
  /** For the start function, when there is one. */
  readonly start: string | undefined;
  readonly globals: readonly { readonly name: string; readonly index: number }[];
}

/** What comes of the code section. */
export interface RewrittenCode {
  /** The bodies with their sizes, without their number. */
  readonly bodies: Uint8Array;
  /** A custom section about them, which stands before the code section. */
  readonly hints: Uint8Array;
}

/**
 * Puts the result together: sections are copied one by one, and to some of them entries are
 * appended. The start section goes (instantiation must not run guest code: the process does not
 * exist yet); custom sections go but `name`, which traps are shown by: all others hold places in
 * the code that are no longer true, or are of no use to who runs it.
 */
export function writeModule(
  outline: ModuleOutline,
  items: AppendedItems,
  code: RewrittenCode,
  exports: AppendedExports,
): Uint8Array<ArrayBuffer> {
  const appended = appendedEntries(outline, items, exports);
  const parts: Uint8Array[] = [outline.bytes.subarray(0, HEADER_SIZE)];
  let nextRank = 0;
  const appendUpTo = (rank: number): void => {
    for (; nextRank < rank; nextRank++) {
      const id = SECTION_ORDER[nextRank] ?? 0;
      const entries = appended.get(id);
      if (entries) parts.push(...sectionWith(outline, undefined, id, entries));
      else if (id === SECTION.code) parts.push(...codeSection(outline, items, code));
    }
  };
  for (const section of outline.sections) {
    if (section.id === SECTION.custom) {
      if (isNameSection(outline, section)) parts.push(whole(outline, section));
      continue;
    }
    const rank = SECTION_ORDER.indexOf(section.id);
    appendUpTo(rank);
    nextRank = rank + 1;
    const entries = appended.get(section.id);
    if (section.id === SECTION.start) continue;
    if (section.id === SECTION.code) parts.push(...codeSection(outline, items, code));
    else if (entries) parts.push(...sectionWith(outline, section, section.id, entries));
    else parts.push(whole(outline, section));
  }
  appendUpTo(SECTION_ORDER.length);
  return concatenate(parts);
}

interface Entries {
  readonly count: number;
  readonly bytes: Uint8Array;
}

function appendedEntries(
  outline: ModuleOutline,
  items: AppendedItems,
  exports: AppendedExports,
): ReadonlyMap<number, Entries> {
  const entries = (count: number, write: (into: Assembler) => void): Entries => {
    const assembler = new Assembler();
    write(assembler);
    return { count, bytes: assembler.finish() };
  };
  const exported = new ByteWriter()
    .name(exports.fuel)
    .u8(EXTERNAL_KIND.global)
    .unsigned(items.fuelGlobal)
    .name(exports.hooks)
    .u8(EXTERNAL_KIND.table)
    .unsigned(items.hooksTable);
  const { startFunction } = outline;
  if (exports.start !== undefined && startFunction !== undefined) {
    exported.name(exports.start).u8(EXTERNAL_KIND.function).unsigned(startFunction);
  }
  for (const { name, index } of exports.globals) {
    exported.name(name).u8(EXTERNAL_KIND.global).unsigned(index);
  }
  const exportCount = (exports.start === undefined ? 2 : 3) + exports.globals.length;
  return new Map([
    [SECTION.type, entries(items.typeCount, (into) => items.writeTypes(into))],
    [SECTION.function, entries(items.functionCount, (into) => items.writeFunctionTypes(into))],
    [SECTION.table, entries(1, (into) => items.writeTable(into))],
    [SECTION.global, entries(1, (into) => items.writeGlobal(into))],
    [SECTION.export, { count: exportCount, bytes: exported.finish() }],
  ]);
}

function sectionWith(
  outline: ModuleOutline,
  section: Section | undefined,
  id: number,
  entries: Entries,
): Uint8Array[] {
  const reader = section && new ByteReader(outline.bytes, section.contentStart, section.end);
  const count = (reader?.unsigned() ?? 0) + entries.count;
  const own = reader ? outline.bytes.subarray(reader.position, section.end) : new Uint8Array(0);
  return framed(id, count, [own, entries.bytes]);
}

function codeSection(
  outline: ModuleOutline,
  items: AppendedItems,
  { bodies, hints }: RewrittenCode,
): Uint8Array[] {
  const ownCount = outline.functionCount - outline.importedFunctionCount;
  const appended = new Assembler();
  items.writeBodies(appended);
  const contents = [bodies, appended.view()];
  return [hints, ...framed(SECTION.code, ownCount + items.functionCount, contents)];
}

function framed(id: number, count: number, contents: readonly Uint8Array[]): Uint8Array[] {
  const counted = new ByteWriter().unsigned(count).finish();
  const sizeBytes = contents.reduce((total, part) => total + part.length, counted.length);
  return [new ByteWriter().u8(id).unsigned(sizeBytes).finish(), counted, ...contents];
}

function isNameSection(outline: ModuleOutline, section: Section): boolean {
  return new ByteReader(outline.bytes, section.contentStart, section.end).name() === 'name';
}

/** The section as it stands, but that a shared memory in it is none any more. */
function whole({ bytes, sharedFlagsAt }: ModuleOutline, { start, end }: Section): Uint8Array {
  const section = bytes.subarray(start, end);
  if (sharedFlagsAt === undefined || sharedFlagsAt < start || sharedFlagsAt >= end) return section;
  const unshared = section.slice();
  const at = sharedFlagsAt - start;
  unshared[at] = (unshared[at] ?? 0) & ~SHARED_FLAG;
  return unshared;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let position = 0;
  for (const part of parts) {
    result.set(part, position);
    position += part.length;
  }
  return result;
}
