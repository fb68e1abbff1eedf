/** Something that wasi-libc only has when it is asked for by name. */
export interface CFeature {
  readonly flags: readonly string[];
  readonly linkFlags: readonly string[];
}

/** setjmp, by WebAssembly's exceptions. */
export const SETJMP: CFeature = {
  flags: ['-mllvm', '-wasm-enable-sjlj'],
  linkFlags: ['-lsetjmp'],
};

export const SIGNAL = emulation('signal', 'SIGNAL');
export const PROCESS_CLOCKS = emulation('process-clocks', 'PROCESS_CLOCKS');
export const GETPID = emulation('getpid', 'GETPID');
export const MMAN = emulation('mman', 'MMAN');

function emulation(library: string, macro: string): CFeature {
  return {
    flags: [`-D_WASI_EMULATED_${macro}`],
    linkFlags: [`-lwasi-emulated-${library}`],
  };
}

/** A stack of more than the linker's 64 KiB. */
export function stackOf(sizeBytes: number): CFeature {
  return { flags: [], linkFlags: ['-z', `stack-size=${sizeBytes}`] };
}
