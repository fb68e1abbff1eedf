import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveDirectory } from '../../src/archive/directory-archive.ts';
import { encodeLayerIndex } from '../../src/archive/layer-index.ts';
import { readLayer } from '../../src/archive/layer-reader.ts';
import { createLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/main/system-clock.ts';
import type { TaskSpec } from '../../src/runtime/contract.ts';
import { WasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { DEFAULT_CPU_SHARES } from '../../src/spec/resources.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface WarmOptions {
  readonly spreadCells?: number;
  readonly watchdogTickMs?: number;
  readonly seed?: string | undefined;
  /** Puts more into the directory that becomes the image. */
  readonly fill?: (image: string) => void | Promise<void>;
}

/** The runtime with its real cells, without an engine around it; and one program to run. */
export class WarmRuntime implements AsyncDisposable {
  readonly runtime: WasmRuntime;
  readonly #directory: string;
  readonly #diffId: string;
  #containerCount = 0;

  private constructor(runtime: WasmRuntime, directory: string, diffId: string) {
    this.runtime = runtime;
    this.#directory = directory;
    this.#diffId = diffId;
  }

  /** `spreadCells` 1 puts all containers into one cell. */
  static async open(
    program: Uint8Array,
    { seed, fill, ...options }: WarmOptions = {},
  ): Promise<WarmRuntime> {
    const directory = mkdtempSync(join(tmpdir(), 'wolffia-bench-'));
    const image = join(directory, 'image');
    mkdirSync(image);
    writeFileSync(join(image, 'program'), program, { mode: 0o755 });
    await fill?.(image);
    const chunks: Uint8Array[] = [];
    const { root: tree } = await readLayer(archiveDirectory(image), async (chunk) => {
      chunks.push(chunk);
    });
    const archive = Buffer.concat(chunks);
    const diffId = `sha256:${createHash('sha256').update(archive).digest('hex')}`;
    writeFileSync(join(directory, 'layer.tar'), archive);
    writeFileSync(join(directory, 'layer.index'), encodeLayerIndex(tree));
    const runtime = WasmRuntime.open({
      dataRoot: directory,
      nodePath: process.execPath,
      cellProgram: join(root, 'dist', 'cell.cjs'),
      environmentPath: process.env['PATH'] ?? '',
      clock: systemClock(),
      log: createLog(
        () => {},
        () => '',
        'error',
      ),
      spreadCells: 1,
      ...options,
      ...(seed === undefined ? {} : { seed }),
    });
    return new WarmRuntime(runtime, directory, diffId);
  }

  /** A container that runs `/program` with these arguments. */
  spec(...args: readonly string[]): TaskSpec {
    this.#containerCount += 1;
    return {
      containerId: String(this.#containerCount),
      hostname: 'bench',
      rootfs: {
        layers: [
          {
            diffId: this.#diffId,
            archivePath: join(this.#directory, 'layer.tar'),
            indexPath: join(this.#directory, 'layer.index'),
          },
        ],
        isReadOnly: false,
        // Not there: nothing was written yet.
        upperdir: join(this.#directory, `upper-${this.#containerCount}`),
      },
      mounts: [],
      tmpfs: [],
      args: ['/program', ...args],
      env: ['PATH=/'],
      workingDirectory: '/',
      user: '',
      hasTerminal: false,
      isInit: false,
      hasStdin: false,
      resources: { cpuShares: DEFAULT_CPU_SHARES },
      isolation: 'default',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
