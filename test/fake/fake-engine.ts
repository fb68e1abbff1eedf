import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from '../../src/base/engine-error.ts';
import { createLog } from '../../src/base/log.ts';
import type { ContainerId } from '../../src/engine/container-id.ts';
import type { CreateRequest } from '../../src/engine/create-request.ts';
import { openDatabase } from '../../src/engine/database.ts';
import { Engine } from '../../src/engine/engine.ts';
import { NO_STORAGE_OPTIONS } from '../../src/engine/storage-options.ts';
import type { Image, ImageStore } from '../../src/image/contract.ts';
import type { SnapshotSource } from '../../src/snapshot/contract.ts';
import type { Digest } from '../../src/spec/digest.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeTransfers } from './fake-images.ts';
import { FakeRuntime } from './fake-runtime.ts';

const QUIET = createLog(
  () => {},
  () => '',
  'error',
);

const IMAGE: Image = {
  id: `sha256:${'1'.repeat(64)}` as Digest,
  repoTags: ['image:latest'],
  repoDigests: [],
  createdNs: 0n,
  sizeBytes: 0,
  platform: { os: 'wasi', architecture: 'wasm' },
  manifest: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${'2'.repeat(64)}` as Digest,
    size: 2,
  },
  history: [],
  author: '',
  comment: '',
  layers: [],
  config: { Cmd: ['/program'] },
  lastTaggedNs: 0n,
};

function refuse(): never {
  throw new EngineError('not-implemented', 'the fake image store has one image and keeps it');
}

/** One image, `image`, with nothing in it. */
const IMAGES: ImageStore = {
  list: () => [IMAGE],
  get: () => IMAGE,
  import: refuse,
  remove: refuse,
  tag: refuse,
  rootfsLayers: () => [],
  usage: () => ({
    layersSizeBytes: 0,
    totalSizeBytes: 0,
    unusedSizeBytes: 0,
    images: new Map(),
  }),
  sweep: () => 0,
  check: async function* () {},
};

/** An archive that tells whose it is. */
async function* exportName({ upperdir }: SnapshotSource): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`archive of ${basename(dirname(upperdir))}`);
}

/** What every container asks for that says nothing. */
export const PLAIN_REQUEST: CreateRequest = {
  image: 'image',
  env: [],
  labels: {},
  exposedPorts: [],
  hasTerminal: false,
  opensStdin: false,
  closesStdinOnce: false,
  attachesStdin: false,
  attachesStdout: false,
  attachesStderr: false,
  isAutoRemoved: false,
  isInit: false,
  isPrivileged: false,
  binds: [],
  mounts: [],
  storage: NO_STORAGE_OPTIONS,
  networkMode: 'none',
  restartPolicy: { name: 'no', maximumRetryCount: 0 },
  limits: {},
};

/** A real engine over a fake runtime, fake images and a fake clock, in a folder of its own. */
export class FakeEngine implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly runtime = new FakeRuntime();
  readonly dataRoot: string;
  readonly database: DatabaseSync;
  engine: Engine;

  private constructor(dataRoot: string, database: DatabaseSync) {
    this.dataRoot = dataRoot;
    this.database = database;
    // Set by `open` before anybody has us.
    this.engine = undefined as unknown as Engine;
  }

  static async open(): Promise<FakeEngine> {
    const dataRoot = mkdtempSync(join(tmpdir(), 'wolffia-unit-'));
    const fake = new FakeEngine(dataRoot, openDatabase(dataRoot, process.pid));
    await fake.reopen();
    return fake;
  }

  /** As a daemon does that was killed and is started again: nothing is told to the old engine. */
  async reopen(): Promise<void> {
    let seed = this.runtime.tasks.length;
    this.engine = await Engine.open({
      dataRoot: this.dataRoot,
      database: this.database,
      images: IMAGES,
      transfers: new FakeTransfers(),
      runtime: this.runtime,
      snapshots: { export: exportName },
      clock: this.clock,
      random: {
        bytes: (count) => {
          seed += 1;
          return Uint8Array.from({ length: count }, (_, index) => 0xa0 + ((index + seed) % 64));
        },
      },
      platform: 'linux',
      cpus: { count: 4, list: '0-3' },
      log: QUIET,
    });
  }

  /** Creates a container and starts it. */
  async run(request: Partial<CreateRequest> = {}): Promise<ContainerId> {
    const { record } = this.engine.containers.create({ ...PLAIN_REQUEST, ...request });
    await this.engine.lifecycle.start(record.id);
    return record.id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
    await this.engine.lifecycle.stopAll(0);
    this.database.close();
    rmSync(this.dataRoot, { recursive: true, force: true });
  }
}
