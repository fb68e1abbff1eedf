import * as v from 'valibot';
import { optional } from './parse-body.ts';

/**
 * The body of `POST /containers/create?name=…`. Fields that we do not know are ignored, because
 * clients are newer than us; null is as good as absent.
 */

/** `["a", "b"]`, or one string where Docker takes a list of one. */
const words = v.union([
  v.array(v.string()),
  v.pipe(
    v.string(),
    v.transform((word) => [word]),
  ),
]);
const strings = v.array(v.string());
const stringMap = v.record(v.string(), v.string());
const emptyObjects = v.record(v.string(), v.nullable(v.looseObject({})));
const integer = v.pipe(v.number(), v.integer());

const mount = v.object({
  Type: v.string(),
  Source: optional(v.string()),
  Target: v.string(),
  ReadOnly: optional(v.boolean()),
  Consistency: optional(v.string()),
  BindOptions: optional(
    v.object({
      Propagation: optional(v.string()),
      NonRecursive: optional(v.boolean()),
      CreateMountpoint: optional(v.boolean()),
    }),
  ),
  TmpfsOptions: optional(v.object({ SizeBytes: optional(integer), Mode: optional(integer) })),
});

const portBinding = v.object({ HostIp: optional(v.string()), HostPort: optional(v.string()) });

/** What limits a container: Docker's `Resources`, the same for create and update. */
const resources = {
  CpuShares: optional(integer),
  NanoCpus: optional(integer),
  CpuPeriod: optional(integer),
  CpuQuota: optional(integer),
  CpuRealtimePeriod: optional(integer),
  CpuRealtimeRuntime: optional(integer),
  CpusetCpus: optional(v.string()),
  CpusetMems: optional(v.string()),
  Memory: optional(integer),
  MemoryReservation: optional(integer),
  MemorySwap: optional(integer),
  MemorySwappiness: optional(integer),
  OomKillDisable: optional(v.boolean()),
  PidsLimit: optional(integer),
  /** Our own: work in units of fuel, -1 for no limit. Docker's clients do not send it. */
  Wolffia: optional(
    v.object({
      Fuel: optional(v.pipe(v.number(), v.safeInteger())),
      FuelPerSecond: optional(v.pipe(v.number(), v.safeInteger())),
    }),
  ),
};

/** Height and width of a terminal, in characters. */
export const consoleSize = v.tuple([integer, integer]);

const restartPolicy = v.object({
  Name: optional(v.string()),
  MaximumRetryCount: optional(integer),
});

const hostConfig = v.object({
  ...resources,
  Binds: optional(strings),
  Mounts: optional(v.array(mount)),
  AutoRemove: optional(v.boolean()),
  NetworkMode: optional(v.string()),
  PortBindings: optional(v.record(v.string(), v.nullable(v.array(portBinding)))),
  PublishAllPorts: optional(v.boolean()),
  RestartPolicy: optional(restartPolicy),
  LogConfig: optional(v.object({ Type: optional(v.string()), Config: optional(stringMap) })),
  VolumesFrom: optional(strings),
  Isolation: optional(v.string()),
  ReadonlyRootfs: optional(v.boolean()),
  Privileged: optional(v.boolean()),
  Tmpfs: optional(stringMap),
  StorageOpt: optional(stringMap),
  ShmSize: optional(integer),
  Init: optional(v.boolean()),
  ConsoleSize: optional(consoleSize),
});

export const containerCreateRequest = v.object({
  Image: optional(v.string()),
  Cmd: optional(words),
  Entrypoint: optional(words),
  Env: optional(strings),
  WorkingDir: optional(v.string()),
  User: optional(v.string()),
  Hostname: optional(v.string()),
  Domainname: optional(v.string()),
  Labels: optional(stringMap),
  ExposedPorts: optional(emptyObjects),
  Volumes: optional(emptyObjects),
  StopSignal: optional(v.string()),
  StopTimeout: optional(integer),
  Tty: optional(v.boolean()),
  OpenStdin: optional(v.boolean()),
  StdinOnce: optional(v.boolean()),
  AttachStdin: optional(v.boolean()),
  AttachStdout: optional(v.boolean()),
  AttachStderr: optional(v.boolean()),
  HostConfig: optional(hostConfig),
});

/** The body of `POST /containers/{id}/update`; what is absent, zero or empty stays as it is. */
export const containerUpdateRequest = v.object({
  ...resources,
  RestartPolicy: optional(restartPolicy),
});

export type ConsoleSize = v.InferOutput<typeof consoleSize>;
export type ContainerUpdateRequest = v.InferOutput<typeof containerUpdateRequest>;
export type ContainerCreateRequest = v.InferOutput<typeof containerCreateRequest>;
export type HostConfigRequest = v.InferOutput<typeof hostConfig>;
export type MountRequest = v.InferOutput<typeof mount>;

export interface ContainerUpdateResponse {
  readonly Warnings: readonly string[];
}

/** Answered with status 201. */
export interface ContainerCreateResponse {
  readonly Id: string;
  readonly Warnings: readonly string[];
}
