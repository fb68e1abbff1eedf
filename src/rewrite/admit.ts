import { EngineError } from '../base/engine-error.ts';
import { EXPORT_FUNCTION, EXPORT_MEMORY, type ModuleOutline } from './module-sections.ts';

/**
 * What is refused before V8 sees the bytes. Compiling hostile code is where a host is hurt first (a
 * 136 KiB module took 11.5 GiB), so every limit stands here, with its reason.
 */
export const ADMISSION_LIMITS = {
  /** CPython is 20 MB, clang 75 MB; past this a file is no program but an attack on memory. */
  moduleSizeBytes: 256 * 1024 * 1024,
  /** Several memories would each reserve 8 GiB of address space. */
  memories: 1,
  /** V8 would refuse more; said here by name. */
  functions: 1_000_000,
} as const;

/** # Errors: invalid-argument (`exec format error: …`) naming the limit that the module passes. */
export function admit(outline: ModuleOutline): void {
  const { bytes, memories, functionCount, exports, imports } = outline;
  if (bytes.length > ADMISSION_LIMITS.moduleSizeBytes) {
    throw refused(`${bytes.length} bytes are more than ${ADMISSION_LIMITS.moduleSizeBytes}`);
  }
  if (memories.length > ADMISSION_LIMITS.memories) {
    throw refused(`${memories.length} memories (multi-memory) are more than one`);
  }
  if (functionCount > ADMISSION_LIMITS.functions) {
    throw refused(`${functionCount} functions are more than ${ADMISSION_LIMITS.functions}`);
  }
  const memory = memories[0];
  if (memory?.is64Bit) throw refused('its memory is 64-bit (memory64)');
  if (memory?.isShared || imports.some((candidate) => candidate.kind === 'memory')) {
    throw refused('it imports or shares its memory (threads)');
  }
  const isExported = (name: string, kind: number): boolean =>
    exports.some((candidate) => candidate.name === name && candidate.kind === kind);
  if (!isExported('_start', EXPORT_FUNCTION)) {
    throw refused("it exports no function '_start' (a library or reactor, not a command)");
  }
  if (!isExported('memory', EXPORT_MEMORY)) throw refused("it exports no memory named 'memory'");
}

function refused(reason: string): EngineError {
  return new EngineError('invalid-argument', `exec format error: the module is refused: ${reason}`);
}
