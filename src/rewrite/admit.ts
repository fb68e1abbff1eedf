import { refused } from './byte-reader.ts';
import { EXTERNAL_KIND } from './external-kind.ts';
import type { FunctionDecoder } from './function-decoder.ts';
import type { ModuleOutline } from './module-sections.ts';
import type { RewrittenModule } from './rewrite-module.ts';

/**
 * What is refused before V8 sees the bytes. Compiling hostile code is where a host is hurt first,
 * and the compiler's cost is not linear in what it is given; so each count that a module chooses
 * has a limit here, with its reason. The largest programs at hand stay far below all of them
 * (clang: 75 MB, 133,000 functions, 542 types, 1,861 exports, a table of 37,000).
 */
export const ADMISSION_LIMITS = {
  /** CPython is 20 MB, clang 75 MB; past this a file is no program but an attack on memory. */
  moduleSizeBytes: 256 * 1024 * 1024,
  /** Several memories would each reserve 8 GiB of address space. */
  memories: 1,
  /** 4 GiB: all that 32-bit addresses reach. */
  initialPages: 65_536,
  /** V8's own; said here by name. */
  functions: 1_000_000,
  /** V8's own; and their section, for they are kept as objects while the module is rewritten. */
  types: 1_000_000,
  typeSectionBytes: 16 * 1024 * 1024,
  /** V8's own. */
  parameters: 1_000,
  results: 1_000,
  /** Each is an object of the host's for every instance. */
  imports: 100_000,
  exports: 100_000,
  tables: 10_000,
  /** V8 allocates 16 bytes for each entry when an instance is made, whatever is in it. */
  tableEntries: 1_000_000,
  /** V8's own for data; each is an object. */
  segments: 100_000,

  /** V8's own. */
  bodySizeBytes: 7_654_321,
  /** V8's own. */
  locals: 50_000,
  /**
   * Both compilers of V8 keep the state of every local for each place where control flow comes
   * together, 12 to 24 bytes: 136 KiB of `if`s in a function of 50,000 locals took 11.5 GiB. At the
   * limit it was 310 MB at most, rewritten; the largest of a real program is 1.2e6.
   */
  localsTimesMerges: 1e7,
  /** V8's own. */
  branchTableEntries: 65_520,
  /** Each block that is open costs every pass memory; programs nest a switch of thousands. */
  nesting: 50_000,
  /** Each is exported, and copied by every fork; clang and Binaryen make a handful. */
  copiedGlobals: 1_000,
  /** Each distinct pair of segments and tables takes a function of ours. */
  sizedFunctions: 1_000,
} as const;

/**
 * Holds a module against `ADMISSION_LIMITS`. What must not even be read once is held against them
 * where it is read: locals, block nesting, the entries of a `br_table`.
 *
 * # Errors
 * invalid-argument (`exec format error: …`) naming the limit that the module passes
 */
export function admit(outline: ModuleOutline): void {
  const { memories, tables, types, imports, exports } = outline;
  if (memories.length > ADMISSION_LIMITS.memories) {
    throw refused(`${memories.length} memories (multi-memory) are more than one`);
  }
  const pages = memories[0]?.initialPages ?? 0;
  const entries = tables.reduce((total, table) => total + table.initialEntries, 0);
  requireAtMost(pages, ADMISSION_LIMITS.initialPages, 'pages of initial memory');
  requireAtMost(outline.functionCount, ADMISSION_LIMITS.functions, 'functions');
  requireAtMost(types.length, ADMISSION_LIMITS.types, 'types');
  requireAtMost(imports.length, ADMISSION_LIMITS.imports, 'imports');
  requireAtMost(exports.length, ADMISSION_LIMITS.exports, 'exports');
  requireAtMost(tables.length, ADMISSION_LIMITS.tables, 'tables');
  requireAtMost(entries, ADMISSION_LIMITS.tableEntries, 'initial entries of tables');
}

/** Asked of the whole file, before anything is read. */
export function admitSize(sizeBytes: number): void {
  requireAtMost(sizeBytes, ADMISSION_LIMITS.moduleSizeBytes, 'bytes');
}

/** Asked before the types are read. */
export function admitTypes(sizeBytes: number): void {
  requireAtMost(sizeBytes, ADMISSION_LIMITS.typeSectionBytes, 'bytes of types');
}

/** Asked before a body is decoded. */
export function admitBody(sizeBytes: number): void {
  requireAtMost(sizeBytes, ADMISSION_LIMITS.bodySizeBytes, 'bytes of a body');
}

/** Asked of the body that was decoded last. */
export function admitFunction({ localCount, mergeCount }: FunctionDecoder): void {
  const { localsTimesMerges } = ADMISSION_LIMITS;
  if (localCount * mergeCount > localsTimesMerges) {
    throw refused(
      `${localCount} locals times ${mergeCount} branches are more than ${localsTimesMerges}`,
    );
  }
}

function requireAtMost(count: number, limit: number, what: string): void {
  if (count > limit) throw refused(`${count} ${what} are more than ${limit}`);
}

/**
 * What the engine runs is a command: it has an entry point and a memory, which may be imported.
 *
 * # Errors
 * invalid-argument (`exec format error: …`) naming what is missing or cannot be served
 */
export function requireCommand({ memories, exports }: RewrittenModule): void {
  if (memories[0]?.is64Bit) throw refused('its memory is 64-bit (memory64)');
  const isExported = (name: string, kind: number): boolean =>
    exports.some((candidate) => candidate.name === name && candidate.kind === kind);
  if (!isExported('_start', EXTERNAL_KIND.function)) {
    throw refused("it exports no function '_start' (a library or reactor, not a command)");
  }
  if (!isExported('memory', EXTERNAL_KIND.memory)) {
    throw refused("it exports no memory named 'memory'");
  }
}
