import type { WindowSize } from '../spec/window-size.ts';
import type { LimitsRequest } from './resource-limits.ts';
import type { StorageRequest } from './storage-options.ts';

/** What a caller asks of a new container; an absent field is the image's or Docker's default. */
export interface CreateRequest {
  /** A random one when absent. */
  readonly name?: string;
  readonly image: string;
  /** `[]` and `['']` take the image's away. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** `NAME=value`; a bare `NAME` takes the variable away. */
  readonly env: readonly string[];
  readonly workingDirectory?: string;
  readonly user?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly string[];
  readonly stopSignal?: string;
  readonly stopTimeoutSeconds?: number;
  readonly hasTerminal: boolean;
  /** Of the terminal at the first start. */
  readonly window?: WindowSize;
  readonly opensStdin: boolean;
  readonly closesStdinOnce: boolean;
  readonly attachesStdin: boolean;
  readonly attachesStdout: boolean;
  readonly attachesStderr: boolean;
  readonly isAutoRemoved: boolean;
  readonly isInit: boolean;
  /** Asked for, and not obeyed: there is nothing that a container could be let into. */
  readonly isPrivileged: boolean;
  /** `source:target[:mode]` */
  readonly binds: readonly string[];
  readonly mounts: readonly MountRequest[];
  readonly storage: StorageRequest;
  readonly networkMode: string;
  readonly restartPolicy: { readonly name: string; readonly maximumRetryCount: number };
  readonly limits: LimitsRequest;
}

export interface MountRequest {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly isSourceCreated: boolean;
  /** Of a tmpfs; 0 when nothing was said. */
  readonly tmpfsSizeBytes: number;
  readonly tmpfsMode: number;
}
