import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { ContainerId, ContainerRecord } from './container-record.ts';
import { type ContainerRequest, configure, type ImageDefaults } from './container-request.ts';
import type { ContainerStore } from './container-store.ts';
import { randomName } from './random-name.ts';

const NAME_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const MAX_NAME_LENGTH = 255;
const ID_BYTES = 32;

export interface ContainersOptions {
  readonly dataRoot: string;
  readonly store: ContainerStore;
  readonly clock: Clock;
  /** Throws not-found (`No such image: …`). */
  readonly findImage: (reference: string) => ImageDefaults;
}

/** Makes containers and names them. Their life is the lifecycle's. */
export class Containers {
  readonly #options: ContainersOptions;

  constructor(options: ContainersOptions) {
    this.#options = options;
  }

  /**
   * # Errors
   * - not-found: no such image
   * - invalid-argument: the request, or its name
   * - conflict: the name is in use
   */
  create(request: ContainerRequest, wantedName: string | undefined): ContainerRecord {
    const { store, clock, dataRoot, findImage } = this.#options;
    const name = wantedName === undefined ? this.#freeName() : this.#claim(wantedName);
    const id = randomBytes(ID_BYTES).toString('hex') as ContainerId;
    const record: ContainerRecord = {
      id,
      name,
      createdNs: clock.realtimeNs(),
      config: configure(request, findImage(request.image), id),
      state: { status: 'created', exitCode: 0, error: '' },
    };
    mkdirSync(join(dataRoot, 'containers', id), { recursive: true, mode: 0o700 });
    store.put(record);
    return record;
  }

  /** # Errors: invalid-argument, conflict. */
  rename(record: ContainerRecord, wantedName: string): void {
    this.#options.store.put({ ...record, name: this.#claim(wantedName) });
  }

  /** Removes what a crash left on disk of containers that are not in the database. */
  removeOrphans(): void {
    const folder = join(this.#options.dataRoot, 'containers');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const known = new Set<string>(this.#options.store.all().map(({ id }) => id));
    for (const name of readdirSync(folder)) {
      if (!known.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  }

  #claim(wanted: string): string {
    const name = wanted.startsWith('/') ? wanted.slice(1) : wanted;
    if (!NAME_PATTERN.test(name) || name.length > MAX_NAME_LENGTH) {
      throw new EngineError(
        'invalid-argument',
        `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      );
    }
    const holder = this.#options.store.byName(name);
    if (holder) {
      throw new EngineError(
        'conflict',
        `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
    return name;
  }

  #freeName(): string {
    for (let attempt = 0; ; attempt++) {
      const name = randomName((below) => randomInt(below), attempt);
      if (!this.#options.store.byName(name)) return name;
    }
  }
}
