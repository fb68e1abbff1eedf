import type { MessagePort } from 'node:worker_threads';
import { CompilerFiles } from './compiler-files.ts';
import { CompilerHost } from './compiler-host.ts';
import type { CompilerJob, CompilerResult, JobMessage, ResultMessage } from './compiler-job.ts';

/** What all threads of the compiler's process share. */
export interface CompilerThreadData {
  readonly module: WebAssembly.Module;
  readonly system: ReadonlyMap<string, Uint8Array>;
}

const EXIT_CODE_OF_CRASH = 134;

/** A thread of the compiler's process: runs one job after the other. */
export function serveCompilerThread(port: MessagePort, data: CompilerThreadData): void {
  port.on('message', ({ id, job }: JobMessage) => {
    const message: ResultMessage = { id, result: runCompiler(job, data) };
    port.postMessage(message);
  });
}

function runCompiler(job: CompilerJob, { module, system }: CompilerThreadData): CompilerResult {
  const files = new CompilerFiles(system, job.files ?? {}, job.mounts ?? {});
  const host = new CompilerHost(files, job.args, job.stdin ?? new Uint8Array());
  let exitCode: number;
  let crash = '';
  try {
    exitCode = host.run(job.program ? new WebAssembly.Module(job.program) : module);
  } catch (thrown) {
    exitCode = EXIT_CODE_OF_CRASH;
    crash = `the compiler broke: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`;
  }
  return {
    exitCode,
    stdout: host.stdout,
    stderr: Buffer.from(host.stderr).toString() + crash,
    outputs: files.outputs,
    probed: files.probed,
  };
}
