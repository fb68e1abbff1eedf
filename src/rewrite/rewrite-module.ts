import { ByteWriter } from '../base/byte-writer.ts';
import { admit } from './admit.ts';
import { ByteReader } from './byte-reader.ts';
import {
  EXPORT_FUNCTION,
  type FunctionType,
  type ModuleOutline,
  readOutline,
  SECTION,
  type Section,
} from './module-sections.ts';

/**
 * The rewriting pipeline: bytes in, bytes out, before anything is compiled.
 *
 * # Theory of operation
 * 1. The outline is read and admitted.
 * 2. Sections are copied one by one into the result. Nothing is renumbered; what we need is only
 * appended or taken out: the start section goes (instantiation must not run guest code: the process
 * does not exist yet), its function is exported under a name of ours; custom sections go but
 * `name`, which traps are shown by. 3. Passes that work on bodies (fuel, growth) have their place
 * between reading and copying.
 */
export interface RewrittenModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly functionImports: readonly FunctionImport[];
  /** Export that runs the module's start function; to be called before `_start`. */
  readonly startExport: string | undefined;
}

export interface FunctionImport {
  readonly module: string;
  readonly name: string;
  /** Absent when the type is none that our ABIs could use. */
  readonly type: FunctionType | undefined;
}

/**
 * Part of the key of cached results: raise it with every change of what `rewriteModule` answers.
 */
export const REWRITER_VERSION = 1;

/** # Errors: invalid-argument (`exec format error: …`). */
export function rewriteModule(bytes: Uint8Array<ArrayBuffer>): RewrittenModule {
  const outline = readOutline(bytes);
  admit(outline);
  const startExport = outline.startFunction === undefined ? undefined : freeExportName(outline);
  return {
    bytes: needsCopy(outline) ? copyWithout(outline, startExport) : bytes,
    functionImports: outline.imports
      .filter((candidate) => candidate.kind === 'function')
      .map(({ module, name, typeIndex }) => ({ module, name, type: outline.types[typeIndex] })),
    startExport,
  };
}

function freeExportName(outline: ModuleOutline): string {
  const taken = new Set(outline.exports.map((candidate) => candidate.name));
  let name = 'wolffia:start';
  while (taken.has(name)) name += "'";
  return name;
}

function needsCopy(outline: ModuleOutline): boolean {
  return outline.sections.some(
    (section) => section.id === SECTION.start || isStale(outline, section),
  );
}

function isStale(outline: ModuleOutline, section: Section): boolean {
  if (section.id !== SECTION.custom) return false;
  return new ByteReader(outline.bytes, section.contentStart, section.end).name() !== 'name';
}

function copyWithout(
  outline: ModuleOutline,
  startExport: string | undefined,
): Uint8Array<ArrayBuffer> {
  const { bytes, sections } = outline;
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  for (const section of sections) {
    if (section.id === SECTION.start || isStale(outline, section)) continue;
    if (section.id === SECTION.export && startExport !== undefined) {
      parts.push(exportSectionWith(outline, section, startExport));
    } else {
      parts.push(bytes.subarray(section.start, section.end));
    }
  }
  return concatenate(parts);
}

function exportSectionWith(outline: ModuleOutline, section: Section, name: string): Uint8Array {
  const reader = new ByteReader(outline.bytes, section.contentStart, section.end);
  const count = reader.unsigned();
  const content = new ByteWriter()
    .unsigned(count + 1)
    .raw(outline.bytes.subarray(reader.position, section.end))
    .name(name)
    .u8(EXPORT_FUNCTION)
    .unsigned(outline.startFunction ?? 0);
  return new ByteWriter().u8(SECTION.export).sized(content).finish();
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
