import { EngineError } from '../base/engine-error.ts';
import { admit, admitBody, admitFunction } from './admit.ts';
import { AppendedItems } from './appended-items.ts';
import { Assembler } from './assembler.ts';
import { BodyRewriter } from './body-rewriter.ts';
import { ByteReader, malformed } from './byte-reader.ts';
import { CachePlanner } from './cache-planner.ts';
import { CallGraph, checksAtEntry, ENTRY, type FunctionEntries, isPrepaid } from './call-graph.ts';
import { LIMITS_BETWEEN_CHECKS } from './cost.ts';
import { CountedLoops } from './counted-loops.ts';
import { FunctionDecoder } from './function-decoder.ts';
import { EVENT, type FunctionEvents } from './function-events.ts';
import { functionName } from './function-names.ts';
import { copyableGlobals } from './instance-state.ts';
import {
  type Export,
  type MemoryLimits,
  type ModuleOutline,
  readOutline,
  SECTION,
} from './module-sections.ts';
import { type RewrittenCode, writeModule } from './module-writer.ts';
import { RegionPlanner } from './region-planner.ts';
import type { FunctionType } from './type-section.ts';

/**
 * The rewriting pipeline: bytes in, bytes out, before anything is compiled.
 *
 * # Theory of operation
 * 1. The outline is read (module-sections.ts) and admitted (admit.ts).
 * 2. Each body is decoded into events (function-decoder.ts) twice: once to find out which functions
 *    need no check and no charge of their own (call-graph.ts), once to be planned
 *    (region-planner.ts) and written anew (body-rewriter.ts).
 * 3. The module is put together with what was appended (module-writer.ts). Nothing is renumbered.
 *
 * V8 validates the result, never the original: a module that is invalid must not become valid on
 * the way. See module-sections.ts and function-decoder.ts for why it does not.
 */
export interface RewrittenModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly functionImports: readonly FunctionImport[];
  /** Export that runs the module's start function; to be called before `_start`. */
  readonly startExport: string | undefined;
  /** Export of the mutable i32 global that holds the fuel left of the slice; see hooks.ts. */
  readonly fuelExport: string;
  /** Export of the funcref table of the hooks; see hooks.ts. */
  readonly hooksExport: string;
  /**
   * Exports of the mutable globals, the fuel not among them; undefined when these cannot be read or
   * set (see instance-state.ts).
   */
  readonly globals: readonly string[] | undefined;
  /**
   * Whether memory and `globals` are all that code can change of an instance, so that it can be set
   * back to its beginning.
   */
  readonly isResettable: boolean;
  /** All memories, the imported ones first; none is shared any more. */
  readonly memories: readonly MemoryLimits[];
  /** What the memory is imported as; undefined when it is the module's own, or there is none. */
  readonly memoryImport: MemoryImport | undefined;
  /** Entries that all its tables have from the start. */
  readonly tableEntryCount: number;
  /** The module's own exports. */
  readonly exports: readonly Export[];
}

export interface MemoryImport {
  readonly module: string;
  readonly name: string;
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
export const REWRITER_VERSION = 7;

/**
 * `progress` is called again and again meanwhile: tens of megabytes take seconds.
 *
 * # Errors: invalid-argument (`exec format error: …`).
 */
export function rewriteModule(
  bytes: Uint8Array<ArrayBuffer>,
  progress?: () => void,
): RewrittenModule {
  const outline = readOutline(bytes);
  admit(outline);
  const items = new AppendedItems(outline);
  const { code, isIrreversible } = rewriteBodies(outline, items, progress);
  const freeName = freeExportNames(outline);
  const globals = copyableGlobals(outline);
  const exports = {
    fuel: freeName('wolffia:fuel'),
    hooks: freeName('wolffia:hooks'),
    start: outline.startFunction === undefined ? undefined : freeName('wolffia:start'),
    globals: (globals ?? []).map((index) => ({ name: freeName(`wolffia:global:${index}`), index })),
  };
  return {
    bytes: writeModule(outline, items, code, exports),
    functionImports: outline.imports
      .filter((candidate) => candidate.kind === 'function')
      .map(({ module, name, typeIndex }) => ({ module, name, type: outline.types[typeIndex] })),
    startExport: exports.start,
    fuelExport: exports.fuel,
    hooksExport: exports.hooks,
    globals: globals && exports.globals.map(({ name }) => name),
    isResettable: globals !== undefined && !isIrreversible,
    memories: outline.memories,
    memoryImport: memoryImportOf(outline),
    tableEntryCount: outline.tables.reduce((sum, { initialEntries }) => sum + initialEntries, 0),
    exports: outline.exports,
  };
}

function memoryImportOf({ imports }: ModuleOutline): MemoryImport | undefined {
  const found = imports.find(({ kind }) => kind === 'memory');
  return found && { module: found.module, name: found.name };
}

/** Names that the module does not use itself, so that it can neither take ours nor be mistaken. */
function freeExportNames(outline: ModuleOutline): (wanted: string) => string {
  const taken = new Set(outline.exports.map((candidate) => candidate.name));
  return (wanted) => {
    let name = wanted;
    while (taken.has(name)) name += "'";
    return name;
  };
}

/** Enough for nearly all modules, so that the code is not copied while it grows. */
const EXPECTED_GROWTH = 1.5;

function rewriteBodies(
  outline: ModuleOutline,
  items: AppendedItems,
  progress?: () => void,
): { code: RewrittenCode; isIrreversible: boolean } {
  const code = new Assembler(Math.ceil(outline.bytes.length * EXPECTED_GROWTH));
  const decoder = new FunctionDecoder(outline, progress);
  const planner = new RegionPlanner();
  const cache = new CachePlanner();
  const counted = new CountedLoops(outline, decoder);
  const rewriter = new BodyRewriter(outline, decoder, planner, cache, counted, items);
  const bodies = readBodies(outline);
  const { kinds, callees } = findEntries(outline, bodies, decoder, planner);
  for (let index = outline.importedFunctionCount; index < outline.functionCount; index++) {
    decoder.decode(index, bodies.starts[index] ?? 0, bodies.ends[index] ?? 0);
    const entry = kinds[index];
    planner.plan(decoder.events, callees, entry === ENTRY.looped);
    if (!checksAtEntry(entry)) planner.checks[0] = 0;
    if (isPrepaid(entry)) takeEntryCharge(planner, callees.folded[index] ?? 0);
    cache.plan(decoder.events, planner);
    counted.find(planner);
    rewriter.rewrite(index, code);
  }
  return {
    code: { bodies: code.view(), hints: rewriter.hints() },
    isIrreversible: decoder.isIrreversible,
  };
}

/** Takes the charge of an entry away, which the callers pay: it must be the one that they pay. */
function takeEntryCharge({ charges }: RegionPlanner, paid: number): void {
  if (charges[0] !== paid) throw new EngineError('internal', 'rewriting: entry cost has changed');
  charges[0] = 0;
}

/** The first pass: admits each body, and finds what its entry needs. */
function findEntries(
  outline: ModuleOutline,
  bodies: Bodies,
  decoder: FunctionDecoder,
  planner: RegionPlanner,
): FunctionEntries {
  const graph = new CallGraph(outline);
  for (let index = outline.importedFunctionCount; index < outline.functionCount; index++) {
    const start = bodies.starts[index] ?? 0;
    const end = bodies.ends[index] ?? 0;
    try {
      admitBody(end - start);
      decoder.decode(index, start, end);
      admitFunction(decoder);
    } catch (thrown) {
      throw inFunction(outline, index, thrown);
    }
    graph.add(index, decoder.events);
  }
  const entries = graph.entries(decoder.referencedFunctions);
  const isKnown = new Uint8Array(outline.functionCount);
  for (const index of entries.order) {
    decoder.decode(index, bodies.starts[index] ?? 0, bodies.ends[index] ?? 0);
    const isLooped = entries.kinds[index] === ENTRY.looped;
    planner.plan(decoder.events, entries.callees, isLooped);
    const charge = planner.charges[0] ?? 0;
    const isKnownNow = isEntryCostKnown(decoder.events, planner, entries.kinds, isKnown);
    if (isKnownNow && charge <= LIMITS_BETWEEN_CHECKS.foldedFunction) {
      entries.callees.folded[index] = charge;
      isKnown[index] = 1;
    } else {
      entries.kinds[index] = ENTRY.checked;
      entries.callees.unchecked[index] = 0;
      entries.callees.isChecked[index] = 1;
    }
  }
  return entries;
}

/**
 * Whether what a function's entry costs is settled: not while it calls, wherever it goes, one whose
 * own entry cost it has to pay and that is not known yet, which calls it in turn.
 */
function isEntryCostKnown(
  { count, kinds, operands }: FunctionEvents,
  { regions }: RegionPlanner,
  entries: Uint8Array,
  isKnown: Uint8Array,
): boolean {
  for (let event = 1; event < count; event++) {
    const kind = kinds[event];
    if (regions[event] !== 0 || (kind !== EVENT.call && kind !== EVENT.tailCall)) continue;
    const callee = operands[event] ?? 0;
    if (callee >= 0 && isPrepaid(entries[callee]) && isKnown[callee] === 0) return false;
  }
  return true;
}

/** Says of an error which function it is about. */
function inFunction(outline: ModuleOutline, index: number, thrown: unknown): unknown {
  if (!(thrown instanceof EngineError)) return thrown;
  const name = functionName(outline, index);
  const quoted = name === undefined ? '' : ` ${JSON.stringify(name)}`;
  const message = `${thrown.message}, in function ${index}${quoted}`;
  return new EngineError(thrown.kind, message, { cause: thrown });
}

/** By function: where its body stands in the module. */
interface Bodies {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

function readBodies(outline: ModuleOutline): Bodies {
  const { bytes, functionCount, importedFunctionCount } = outline;
  const section = outline.sections.find((candidate) => candidate.id === SECTION.code);
  const reader = new ByteReader(bytes, section?.contentStart ?? 0, section?.end ?? 0);
  const count = section ? reader.unsigned() : 0;
  if (count !== functionCount - importedFunctionCount) {
    throw malformed('functions and bodies differ in number');
  }
  const starts = new Int32Array(functionCount);
  const ends = new Int32Array(functionCount);
  for (let index = importedFunctionCount; index < functionCount; index++) {
    const sizeBytes = reader.unsigned();
    starts[index] = reader.position;
    reader.skip(sizeBytes);
    ends[index] = reader.position;
  }
  if (section && !reader.isAtEnd) throw malformed('the code section is longer than its bodies');
  return { starts, ends };
}
