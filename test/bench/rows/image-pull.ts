import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EngineFixture } from '../../e2e/engine-fixture.ts';
import { DockerRegistry, dockerRegistryAbsence } from '../../suite/docker-registry.ts';
import { layeredImage } from '../../suite/layered-image.ts';
import type { Peer, Row } from '../row.ts';

const LAYER_COUNT = 8;
const LAYER_BYTES = 25_000_000;
const RUNS = 3;
const COMMAND_TIMEOUT_MS = 120_000;
const NAME = 'bench/layers:latest';

/** An image of 200 MB in 8 layers, from a registry on this machine: the whole command. */
export const IMAGE_PULL: Row = {
  id: 'image-pull',
  title: 'pull of 200 MB in 8 layers',
  unit: 'ms',
  measure: async () => {
    await using bed = await PullBed.open();
    return await bed.repeat(() => timed(() => bed.engine.ok('pull', '-q', bed.reference)));
  },
  peers: [podman()],
};

/** Of the same pull: from the last byte that came to the image that can be run. */
export const IMAGE_READY: Row = {
  id: 'image-ready',
  title: 'ready after the last byte of a pull',
  unit: 'ms',
  bar: 200,
  measure: async () => {
    await using bed = await PullBed.open();
    return await bed.repeat(() => timeAfterLastByte(bed.engine.socketPath, bed.reference));
  },
};

/** An engine, and a registry that has the image. */
class PullBed implements AsyncDisposable {
  readonly engine = new EngineFixture();
  readonly registry: DockerRegistry;

  private constructor(registry: DockerRegistry) {
    this.registry = registry;
  }

  static async open(): Promise<PullBed> {
    const absence = dockerRegistryAbsence();
    if (absence) throw new Error(absence);
    const bed = new PullBed(await DockerRegistry.start());
    const { engine } = bed;
    const archive = await benchArchive();
    const loaded = engine.run(['load', '-q'], { input: archive, timeoutMs: COMMAND_TIMEOUT_MS });
    if (loaded.exitCode !== 0) throw new Error(loaded.stderr);
    engine.ok('tag', NAME, bed.reference);
    engine.ok('push', '-q', bed.reference);
    bed.forget();
    return bed;
  }

  get reference(): string {
    return `${this.registry.host}/${NAME}`;
  }

  /** Nothing of the image is left after it. */
  forget(): void {
    this.engine.ok('system', 'prune', '-af');
  }

  async repeat(measure: () => number | Promise<number>): Promise<readonly number[]> {
    const samples: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      samples.push(await measure());
      this.forget();
    }
    return samples;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
  }
}

let archive: Promise<Buffer> | undefined;

function benchArchive(): Promise<Buffer> {
  const options = { layerCount: LAYER_COUNT, layerSizeBytes: LAYER_BYTES, seed: 1, name: NAME };
  archive ??= layeredImage(options).then((layout) => layout.archive());
  return archive;
}

function timed(act: () => void): number {
  const started = performance.now();
  act();
  return performance.now() - started;
}

/** Milliseconds between the two lines of the API's stream. */
function timeAfterLastByte(socketPath: string, reference: string): Promise<number> {
  const path = `/images/create?fromImage=${encodeURIComponent(reference)}`;
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method: 'POST', path }, (response) => {
      let lastByteMs = Number.NaN;
      let lastLine = '';
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        lastLine = line;
        if (line.includes('"Downloading"')) lastByteMs = performance.now();
      });
      lines.on('close', () => {
        if (lastLine.includes('Downloaded newer image')) resolve(performance.now() - lastByteMs);
        else reject(new Error(`the pull ended by ${lastLine}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** In a store of its own, which is removed. */
function podman(): Peer {
  const run = (directory: string, ...args: readonly string[]) =>
    spawnSync(
      'podman',
      ['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), ...args],
      { timeout: COMMAND_TIMEOUT_MS, encoding: 'utf8' },
    );
  return {
    name: 'podman',
    absence: () => (spawnSync('podman', ['--version']).status === 0 ? undefined : 'not installed'),
    measure: async () => {
      await using bed = await PullBed.open();
      const directory = mkdtempSync(join(tmpdir(), 'wolffia-podman-'));
      const pull = ['pull', '-q', '--tls-verify=false', '--os', 'wasi', '--arch', 'wasm'];
      try {
        return await bed.repeat(() => {
          const taken = timed(() => {
            const { status, stderr } = run(directory, ...pull, bed.reference);
            if (status !== 0) throw new Error(`podman pull failed: ${stderr}`);
          });
          run(directory, 'rmi', '-af');
          return taken;
        });
      } finally {
        run(directory, 'system', 'reset', '-f');
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}
