import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ImageStore } from '../image/contract.ts';
import type { ImageTransfers } from '../image/transfer-contract.ts';
import type { Runtime, RuntimeFacts } from '../runtime/contract.ts';
import type { Snapshots } from '../snapshot/contract.ts';
import type { ContainerId } from './container-id.ts';
import type { ContainerLog } from './container-log.ts';
import { ContainerStore } from './container-store.ts';
import { Containers } from './containers.ts';
import { Execs } from './execs.ts';
import { Lifecycle } from './lifecycle.ts';
import type { LogEntry } from './log-frame.ts';
import { isSelected, type LogSelection, selectLines } from './log-lines.ts';
import { findTail, readEntries } from './log-reader.ts';
import type { RandomSource } from './random-source.ts';
import type { HostCpus } from './resource-limits.ts';

export interface EngineOptions {
  readonly dataRoot: string;
  readonly database: DatabaseSync;
  readonly images: ImageStore;
  readonly transfers: ImageTransfers;
  readonly runtime: Runtime;
  readonly snapshots: Snapshots;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly platform: NodeJS.Platform;
  /** The CPUs that containers may use: how many, and which (`0-7`). */
  readonly cpus: { readonly count: number; readonly list: string };
  readonly log: Log;
}

/** The engine: what the API is an edge of. Holds its parts together and nothing more. */
export class Engine {
  readonly dataRoot: string;
  readonly containers: Containers;
  readonly lifecycle: Lifecycle;
  readonly execs: Execs;
  readonly images: ImageStore;
  readonly transfers: ImageTransfers;
  readonly clock: Clock;
  readonly #runtime: Runtime;
  readonly #snapshots: Snapshots;

  private constructor(options: EngineOptions) {
    const { dataRoot, database, images, runtime, clock, random, platform, log, cpus } = options;
    const hostCpus = (): HostCpus => ({ ...cpus, canPin: runtime.facts().canPinCpus });
    this.#runtime = runtime;
    this.#snapshots = options.snapshots;
    this.dataRoot = dataRoot;
    this.images = images;
    this.transfers = options.transfers;
    this.clock = clock;
    this.containers = new Containers({
      dataRoot,
      store: new ContainerStore(database),
      clock,
      random,
      platform,
      hostCpus,
      findImage: (reference) => images.get(reference),
    });
    this.lifecycle = new Lifecycle({
      containers: this.containers,
      runtime,
      clock,
      log,
      hostCpus,
      layersOf: (imageId) => images.rootfsLayers(images.get(imageId)),
    });
    this.execs = new Execs({
      containers: this.containers,
      clock,
      random,
      taskOf: (id) => this.lifecycle.taskOf(id),
    });
  }

  /** Makes the state true before anybody can ask. */
  static async open(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    await engine.lifecycle.reconcile();
    engine.containers.removeOrphans();
    return engine;
  }

  /** What the runtime can do here, for people. */
  runtimeFacts(): RuntimeFacts {
    return this.#runtime.facts();
  }

  /** A container's files as a tar archive. Errors: not-found, those of `Snapshots.export`. */
  exportFiles(id: ContainerId): AsyncGenerator<Uint8Array> {
    const { imageId } = this.containers.get(id).config;
    const layers = this.images.rootfsLayers(this.images.get(imageId));
    return this.#snapshots.export({ layers, upperdir: this.containers.upperdirOf(id) });
  }

  /**
   * What a container wrote: the last `tail` lines of it (all when undefined), and with `follow`
   * what it goes on to write until it ends or `signal` aborts.
   */
  async *readLog(
    id: ContainerId,
    selection: LogSelection,
    options: { tail: number | undefined; follow: boolean; signal: AbortSignal },
  ): AsyncGenerator<LogEntry> {
    const log = this.lifecycle.logOf(id);
    const { path } = log;
    const here = log.isOpen
      ? log.sizeBytes
      : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    const { start, skipCount } =
      options.tail === undefined
        ? { start: 0, skipCount: 0 }
        : await findTail(path, here, options.tail, (entry) => isSelected(entry, selection));
    const isFollowing = options.follow && log.isOpen;
    const range = isFollowing
      ? { start, ...growth(log, options.signal) }
      : { start, end: () => here, more: async () => false };
    yield* selectLines(readEntries(path, range), selection, skipCount);
  }
}

/** The end of a log that is being written, and how to wait for it to move. */
function growth(log: ContainerLog, signal: AbortSignal) {
  let seen = 0;
  const end = (): number => {
    if (log.isOpen) seen = log.sizeBytes;
    return signal.aborted ? 0 : seen;
  };
  const more = (): Promise<boolean> =>
    new Promise((resolve) => {
      if (!log.isOpen || signal.aborted) {
        resolve(false);
        return;
      }
      if (log.sizeBytes > seen) {
        resolve(true);
        return;
      }
      const wake = (): void => {
        leave();
        signal.removeEventListener('abort', wake);
        resolve(!signal.aborted && (log.isOpen || log.sizeBytes > seen));
        seen = log.sizeBytes;
      };
      const leave = log.onChange(wake);
      signal.addEventListener('abort', wake);
    });
  return { end, more };
}
