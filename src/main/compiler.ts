import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { isJobMessage } from '../../images/compile/compiler-job.ts';
import { CompilerProcess } from '../../images/compile/compiler-process.ts';
import { serveCompilerThread } from '../../images/compile/compiler-thread.ts';

/**
 * Runs LLVM's programs: `compiler.cjs DIRECTORY THREADS`, started by `CompilerPool`, which sends
 * jobs over the channel between parent and child. It ends with its parent.
 */
function main(): void {
  if (!isMainThread && parentPort) {
    serveCompilerThread(parentPort, workerData);
    return;
  }
  const [directory, threadCount] = process.argv.slice(2);
  if (directory === undefined || !process.send) throw new Error('started by hand');
  const compiler = new CompilerProcess({
    directory,
    threadProgram: __filename,
    threadCount: Number(threadCount),
    answer: (message) => process.send?.(message),
    fail: (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  });
  process.on('message', (message) => {
    if (isJobMessage(message)) compiler.run(message);
  });
  process.on('disconnect', () => process.exit(0));
}

main();
