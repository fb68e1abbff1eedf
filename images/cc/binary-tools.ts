import { writeFileSync } from 'node:fs';
import type { Toolchain } from '../compile/toolchain.ts';
import type { HostPaths } from './host-paths.ts';

/** LLVM's programs that work on objects and archives where these are. */
export type BinaryTool = 'ar' | 'nm' | 'ranlib';

export interface ToolOutcome {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** Modifiers of ar that take the name of a member before the archive's. */
const NAMED_PLACE = /[abi]/;

/** Runs one of them, and writes back what it changed. */
export async function runBinaryTool(
  tool: BinaryTool,
  args: readonly string[],
  toolchain: Toolchain,
  paths: HostPaths,
): Promise<ToolOutcome> {
  // ar's first word is what it does, with or without a dash.
  const [first = ''] = args;
  const kept = tool !== 'ar' ? 0 : NAMED_PLACE.test(first) && !first.startsWith('--') ? 2 : 1;
  const hostPathOf = new Map<string, string>();
  const resolved = args.map((arg, index) => {
    if (index < kept || arg.startsWith('-')) return arg;
    const path = paths.toCompiler(arg);
    hostPathOf.set(path, arg);
    return path;
  });
  const { exitCode, stdout, stderr, outputs } = await toolchain.run({
    args: [`llvm-${tool}`, ...resolved],
    mounts: paths.mounts,
  });
  for (const [path, content] of Object.entries(outputs)) {
    const hostPath = hostPathOf.get(path);
    if (exitCode === 0 && hostPath !== undefined) writeFileSync(hostPath, content);
  }
  return { exitCode, stdout, stderr };
}
