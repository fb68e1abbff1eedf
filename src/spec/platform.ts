/** What a program needs of its host: `os/architecture[/variant]`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** What an image is for that says nothing else (wasm-to-oci, and runwasi's images). */
export const DEFAULT_PLATFORM: Platform = { os: 'wasi', architecture: 'wasm' };

/**
 * The architectures and systems under which tools ship WebAssembly programs. The first that an
 * index has is taken.
 */
const WASM_ARCHITECTURES = ['wasm', 'wasm32', 'wasm64'];
const WASM_SYSTEMS = ['wasi', 'wasip1', 'wasip2', 'wasix', 'unknown', 'linux', ''];

/** As clients write it; undefined when it is none. */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) return undefined;
  const [first = '', second, variant] = parts;
  if (second === undefined) {
    // `linux` or `wasm` alone.
    return WASM_ARCHITECTURES.includes(first) ? { os: 'wasi', architecture: first } : undefined;
  }
  return { os: first, architecture: second, ...(variant === undefined ? {} : { variant }) };
}

export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/');
}

/** Whether programs for it are WebAssembly. */
export function isWasmPlatform({ architecture }: Platform): boolean {
  return WASM_ARCHITECTURES.includes(architecture);
}

/**
 * How well a platform serves somebody who did not ask for a certain one: the lower the better,
 * undefined when it is not for WebAssembly at all.
 */
export function wasmPreference(platform: Platform): number | undefined {
  const architecture = WASM_ARCHITECTURES.indexOf(platform.architecture);
  if (architecture < 0) return undefined;
  const system = WASM_SYSTEMS.indexOf(platform.os);
  return architecture * WASM_SYSTEMS.length + (system < 0 ? WASM_SYSTEMS.length - 1 : system);
}

/** Whether `offered` is what `wanted` names: all that is said of it, `wasm32` being `wasm`. */
export function satisfies(offered: Platform, wanted: Platform): boolean {
  if (normalArchitecture(offered) !== normalArchitecture(wanted)) return false;
  if (wanted.variant !== undefined && offered.variant !== wanted.variant) return false;
  return offered.os === wanted.os;
}

function normalArchitecture({ architecture }: Platform): string {
  if (architecture === 'wasm32') return 'wasm';
  if (architecture === 'x86_64') return 'amd64';
  return architecture === 'aarch64' ? 'arm64' : architecture;
}
