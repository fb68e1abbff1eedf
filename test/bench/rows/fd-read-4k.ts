import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileSource } from '../../suite/compile-source.ts';
import { WarmRuntime } from '../../suite/warm-runtime.ts';
import type { Row } from '../row.ts';

const RUNS = 10;
const READS = 200_000;
const FILE_SIZE = 1 << 20;

/** One read(2) of 4 KiB, from a file of the host that is mounted into the container. */
export const FD_READ_4K: Row = {
  id: 'fd-read-4k',
  title: 'fd_read of 4 KiB from a host file',
  unit: 'µs',
  bar: 3,
  measure: async () => {
    using file = new SampleFile();
    await using warm = await WarmRuntime.open(await compileSource('wasm/bench/read.c'));
    const samples: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      let output = '';
      const task = await warm.runtime.start(
        {
          ...warm.spec('/data/file', String(READS)),
          mounts: [{ source: file.directory, target: '/data', isReadOnly: true }],
        },
        {
          write: (_stream, bytes) => {
            output += Buffer.from(bytes).toString();
            return undefined;
          },
        },
      );
      const { exitCode } = await task.exited;
      if (exitCode !== 0) throw new Error(`read exited with ${exitCode}: ${output}`);
      samples.push(Number(output) / 1000);
    }
    return samples;
  },
  peers: [
    {
      name: 'node:wasi',
      absence: () => undefined,
      measure: async () => {
        using file = new SampleFile();
        const program = join(file.directory, 'read.wasm');
        writeFileSync(program, await compileSource('wasm/bench/read.c'));
        return Array.from({ length: RUNS }, () => readByNodeWasi(program, file.directory));
      },
    },
  ],
};

function readByNodeWasi(program: string, directory: string): number {
  const script = join(dirname(dirname(fileURLToPath(import.meta.url))), 'peers', 'node-wasi.mjs');
  const args = ['--no-warnings', script, program, directory, '/data/file', String(READS)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`node:wasi failed: ${stderr.toString()}`);
  return Number(stdout.toString()) / 1000;
}

class SampleFile implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'wolffia-bench-file-'));

  constructor() {
    writeFileSync(join(this.directory, 'file'), Buffer.alloc(FILE_SIZE, 'duckweed'));
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
