import type { WindowSize } from '../spec/window-size.ts';
import type { ContainerId } from './container-id.ts';
import type { ContainerState } from './container-state.ts';
import type { ResourceLimits } from './resource-limits.ts';
import type { StorageOptions } from './storage-options.ts';

/** What is known of one container: the row that outlives the daemon. */
export interface ContainerRecord {
  readonly id: ContainerId;
  /** Without the leading slash. */
  readonly name: string;
  readonly createdNs: bigint;
  readonly config: ContainerConfig;
  readonly state: ContainerState;
}

/** All that was settled when the container was created: request and image, merged. Plain JSON. */
export interface ContainerConfig {
  /** As the user wrote it. */
  readonly imageReference: string;
  /** `sha256:…` */
  readonly imageId: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly string[];
  /** Absolute; `/` when nobody said anything. */
  readonly workingDirectory: string;
  readonly user: string;
  readonly hostname: string;
  readonly domainname: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `80/tcp` … */
  readonly exposedPorts: readonly string[];
  /** A signal's name or number. */
  readonly stopSignal: string;
  readonly stopTimeoutSeconds?: number;
  readonly hasTerminal: boolean;
  /** Of the terminal as it starts. */
  readonly window?: WindowSize;
  readonly opensStdin: boolean;
  /** The end of the first attached client's input is the end of the program's. */
  readonly closesStdinOnce: boolean;
  readonly attachesStdin: boolean;
  readonly attachesStdout: boolean;
  readonly attachesStderr: boolean;
  readonly isAutoRemoved: boolean;
  /** A process of the engine's own is the first one (`--init`). */
  readonly isInit: boolean;
  /** As the request had them (`source:target:mode`). */
  readonly binds: readonly string[];
  readonly mounts: readonly Mount[];
  readonly storage: StorageOptions;
  readonly networkMode: string;
  readonly restartPolicy: { readonly name: string; readonly maximumRetryCount: number };
  /** The only part that changes later (`update`). */
  readonly limits: ResourceLimits;
}

/** A bind mount, in the words of request and answer. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  /** `z`, `ro` … as it was given, for inspect. */
  readonly mode: string;
  readonly propagation: string;
  /** Docker's rule: `-v` makes a missing source (a directory), `--mount` refuses it. */
  readonly isSourceCreated: boolean;
}
