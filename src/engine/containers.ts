import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { Image } from '../image/contract.ts';
import { mergeConfig } from './container-config.ts';
import { type ContainerId, newContainerId } from './container-id.ts';
import type { ContainerConfig, ContainerRecord } from './container-record.ts';
import { type ContainerState, INITIAL_STATE, nextState } from './container-state.ts';
import type { ContainerStore } from './container-store.ts';
import type { CreateRequest } from './create-request.ts';
import { parseMounts } from './mounts.ts';
import { parseContainerName, randomName } from './names.ts';
import type { RandomSource } from './random-source.ts';
import { type HostCpus, settleLimits } from './resource-limits.ts';
import { settleStorage } from './storage-options.ts';

export interface ContainersOptions {
  readonly dataRoot: string;
  readonly store: ContainerStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly platform: NodeJS.Platform;
  readonly hostCpus: () => HostCpus;
  /** Throws not-found (`No such image: …`). */
  readonly findImage: (reference: string) => Image;
}

export interface CreatedContainer {
  readonly record: ContainerRecord;
  /** What of the request is not obeyed. */
  readonly warnings: readonly string[];
}

/** All containers by id and name. Every change is in the database when a method returns. */
export class Containers {
  readonly #options: ContainersOptions;
  readonly #records = new Map<ContainerId, ContainerRecord>();
  readonly #ids = new Map<string, ContainerId>();

  constructor(options: ContainersOptions) {
    this.#options = options;
    for (const record of options.store.readAll()) this.#remember(record);
  }

  /** The oldest first. */
  all(): readonly ContainerRecord[] {
    return [...this.#records.values()];
  }

  has(id: ContainerId): boolean {
    return this.#records.has(id);
  }

  /** For an id that was found before. Errors: not-found when it was removed since. */
  get(id: ContainerId): ContainerRecord {
    const record = this.#records.get(id);
    if (record) return record;
    throw noSuchContainer(id);
  }

  /**
   * By full id, name, or an unambiguous beginning of an id, in this order.
   *
   * # Errors
   * not-found; invalid-argument when several ids begin so
   */
  find(reference: string): ContainerRecord {
    const exact = this.#records.get(reference as ContainerId);
    if (exact) return exact;
    const id = this.#ids.get(reference.startsWith('/') ? reference.slice(1) : reference);
    if (id !== undefined) return this.get(id);
    const found = /^[0-9a-f]+$/.test(reference)
      ? this.all().filter((record) => record.id.startsWith(reference))
      : [];
    if (found.length > 1) {
      throw new EngineError(
        'invalid-argument',
        `Multiple IDs found with provided prefix: ${reference}`,
      );
    }
    const [record] = found;
    if (record) return record;
    throw noSuchContainer(reference);
  }

  /**
   * # Errors
   * - not-found: no such image
   * - invalid-argument: the request, or its name
   * - conflict: the name is in use
   */
  create(request: CreateRequest): CreatedContainer {
    const { store, clock, random, platform, findImage, hostCpus } = this.#options;
    const name =
      request.name === undefined
        ? randomName(random, (candidate) => this.#ids.has(candidate))
        : this.#freeName(request.name);
    const image = findImage(request.image);
    const { limits, warnings } = settleLimits(request.limits, hostCpus());
    const id = newContainerId(random);
    const mounts = parseMounts(request.binds, request.mounts, platform);
    const storage = settleStorage(request.storage, request.mounts);
    const twice = mounts.find(({ target }) => Object.hasOwn(storage.tmpfs, target));
    if (twice) {
      throw new EngineError('invalid-argument', `Duplicate mount point: ${twice.target}`);
    }
    const record: ContainerRecord = {
      id,
      name,
      createdNs: clock.realtimeNs(),
      config: mergeConfig(id, request, image, mounts, storage, limits),
      state: INITIAL_STATE,
    };
    mkdirSync(this.folderOf(id), { recursive: true, mode: 0o700 });
    store.insert(record);
    this.#remember(record);
    return { record, warnings: request.isPrivileged ? [...warnings, NOT_PRIVILEGED] : warnings };
  }

  /** # Errors: invalid-argument, conflict. */
  rename(id: ContainerId, wantedName: string): void {
    const record = this.get(id);
    const name = this.#freeName(wantedName);
    this.#options.store.updateName(id, name);
    this.#ids.delete(record.name);
    this.#remember({ ...record, name });
  }

  /** The state must be one that may follow. */
  setState(id: ContainerId, state: ContainerState): void {
    const record = this.get(id);
    const next = nextState(record.state, state);
    this.#options.store.updateState(id, next);
    this.#remember({ ...record, state: next });
  }

  /** For what of the configuration may change later. */
  setConfig(id: ContainerId, config: ContainerConfig): void {
    const record = this.get(id);
    this.#options.store.updateConfig(id, config);
    this.#remember({ ...record, config });
  }

  /** Forgets the record; what is on disk is the caller's. */
  delete(id: ContainerId): void {
    const { name } = this.get(id);
    this.#options.store.delete(id);
    this.#records.delete(id);
    this.#ids.delete(name);
  }

  /** Where a container's files are: its upperdir and its log. */
  folderOf(id: ContainerId): string {
    return join(this.#options.dataRoot, 'containers', id);
  }

  /** What it has written. */
  upperdirOf(id: ContainerId): string {
    return join(this.folderOf(id), 'upper');
  }

  /** Removes what a crash left on disk of containers that are not in the database. */
  removeOrphans(): void {
    const folder = join(this.#options.dataRoot, 'containers');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      if (this.has(name as ContainerId)) continue;
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }

  #remember(record: ContainerRecord): void {
    this.#records.set(record.id, record);
    this.#ids.set(record.name, record.id);
  }

  #freeName(wanted: string): string {
    const name = parseContainerName(wanted);
    const holder = this.#ids.get(name);
    if (holder === undefined) return name;
    throw new EngineError(
      'conflict',
      `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }
}

const NOT_PRIVILEGED =
  'Privileged mode is not obeyed: containers run in a sandbox that has no such mode.';

function noSuchContainer(reference: string): EngineError {
  return new EngineError('not-found', `No such container: ${reference}`);
}
