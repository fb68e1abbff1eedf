import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ImageService } from '../image/image-service.ts';
import type { Runtime } from '../runtime/contract.ts';
import { type ContainerLog, type LogRecord, readLog } from './container-log.ts';
import type { ContainerId } from './container-record.ts';
import { ContainerStore } from './container-store.ts';
import { Containers } from './containers.ts';
import { Lifecycle } from './lifecycle.ts';
import { countLines, type LogSelection, selectLines } from './log-lines.ts';
import type { ShippedImages } from './shipped-images.ts';

export interface EngineOptions {
  readonly dataRoot: string;
  readonly database: DatabaseSync;
  readonly images: ImageService;
  readonly shippedImages: ShippedImages;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
}

/** The engine: what the API is an edge of. Holds its parts together and nothing more. */
export class Engine {
  readonly dataRoot: string;
  readonly store: ContainerStore;
  readonly containers: Containers;
  readonly lifecycle: Lifecycle;
  readonly images: ImageService;
  readonly shippedImages: ShippedImages;
  readonly clock: Clock;

  private constructor(options: EngineOptions) {
    const { dataRoot, database, images, runtime, clock, log } = options;
    this.dataRoot = dataRoot;
    this.images = images;
    this.shippedImages = options.shippedImages;
    this.clock = clock;
    this.store = new ContainerStore(database);
    this.containers = new Containers({
      dataRoot,
      store: this.store,
      clock,
      findImage: (reference) => images.get(reference),
    });
    this.lifecycle = new Lifecycle({
      dataRoot,
      store: this.store,
      runtime,
      clock,
      log,
      layersOf: (imageId) => images.rootfsLayers(images.get(imageId)),
    });
  }

  /** Makes the state true before anybody can ask. */
  static async open(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    await engine.lifecycle.reconcile();
    engine.containers.removeOrphans();
    return engine;
  }

  /**
   * What a container wrote: the last `tail` lines of it (all when undefined), and with `follow` what it goes on to write
   * until it ends or `signal` aborts.
   */
  async *readLog(
    id: ContainerId,
    selection: LogSelection,
    options: { tail: number | undefined; follow: boolean; signal: AbortSignal },
  ): AsyncGenerator<LogRecord> {
    const path = this.lifecycle.logPathOf(id);
    const log = this.lifecycle.openLogOf(id);
    const here = log?.committedSize ?? Number.MAX_SAFE_INTEGER;
    const past = (): AsyncGenerator<LogRecord> => readLog(path, () => here, async () => false);
    const skip =
      options.tail === undefined
        ? 0
        : Math.max(0, (await countLines(past(), selection)) - options.tail);
    const records =
      options.follow && log
        ? followLog(path, log, options.signal)
        : past();
    yield* selectLines(records, selection, skip);
  }
}

/** A log from its beginning until its container ends. The file may not be there before the first byte. */
async function* followLog(
  path: string,
  log: ContainerLog,
  signal: AbortSignal,
): AsyncGenerator<LogRecord> {
  const more = (): Promise<boolean> =>
    new Promise((resolve) => {
      if (log.isClosed || signal.aborted) {
        resolve(false);
        return;
      }
      const wake = (): void => {
        leave();
        signal.removeEventListener('abort', wake);
        resolve(!signal.aborted);
      };
      const leave = log.follow(wake);
      signal.addEventListener('abort', wake);
    });
  while (log.committedSize === 0) if (!(await more())) return;
  yield* readLog(path, () => (signal.aborted ? 0 : log.committedSize), more);
}
