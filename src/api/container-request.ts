import { EngineError } from '../base/engine-error.ts';
import type { CreateRequest, MountRequest } from '../engine/create-request.ts';
import {
  containerCreateRequest,
  type HostConfigRequest,
  type MountRequest as WireMount,
} from '../wire/container-create.ts';
import { parseBody } from '../wire/parse-body.ts';

/**
 * Reads the body of `POST /containers/create`.
 *
 * # Errors
 * - invalid-argument: it does not fit the schema; the message names the path
 * - not-implemented: it asks for what the engine cannot do, which would otherwise be silently
 *   missing
 */
export function readCreateRequest(body: unknown, name: string | null): CreateRequest {
  const request = parseBody(containerCreateRequest, body);
  const host = request.HostConfig ?? {};
  refuseUnsupported(host, request.Volumes ?? {});
  return {
    ...given('name', name),
    image: request.Image ?? '',
    ...given('entrypoint', request.Entrypoint),
    ...given('command', request.Cmd),
    env: request.Env ?? [],
    ...given('workingDirectory', request.WorkingDir),
    ...given('user', request.User),
    ...given('hostname', request.Hostname),
    ...given('domainname', request.Domainname),
    labels: request.Labels ?? {},
    exposedPorts: Object.keys(request.ExposedPorts ?? {}),
    ...given('stopSignal', request.StopSignal),
    ...given('stopTimeoutSeconds', request.StopTimeout),
    hasTerminal: request.Tty ?? false,
    opensStdin: request.OpenStdin ?? false,
    closesStdinOnce: request.StdinOnce ?? false,
    attachesStdin: request.AttachStdin ?? false,
    attachesStdout: request.AttachStdout ?? false,
    attachesStderr: request.AttachStderr ?? false,
    isAutoRemoved: host.AutoRemove ?? false,
    binds: host.Binds ?? [],
    mounts: (host.Mounts ?? []).map(mountRequest),
    networkMode: host.NetworkMode || 'none',
    restartPolicy: { name: 'no', maximumRetryCount: 0 },
  };
}

/** A field when it was given: null and the empty string are Docker's "not given". */
function given<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): { [Key in Name]?: Value } {
  const isGiven = value !== null && value !== undefined && value !== '';
  return (isGiven ? { [name]: value } : {}) as { [Key in Name]?: Value };
}

function mountRequest(mount: WireMount): MountRequest {
  return {
    type: mount.Type,
    source: mount.Source ?? '',
    target: mount.Target,
    isReadOnly: mount.ReadOnly ?? false,
    isSourceCreated: mount.BindOptions?.CreateMountpoint ?? false,
  };
}

/** What a container would miss without a word, were it ignored. */
function refuseUnsupported(host: HostConfigRequest, volumes: object): void {
  const restart = host.RestartPolicy?.Name ?? '';
  const asked: readonly (readonly [boolean, string])[] = [
    [Object.keys(volumes).length > 0, 'anonymous volumes (use a bind mount: -v /host:/container)'],
    [Object.keys(host.PortBindings ?? {}).length > 0, 'published ports'],
    [host.PublishAllPorts === true, 'published ports'],
    [(host.VolumesFrom ?? []).length > 0, '--volumes-from'],
    [Object.keys(host.Tmpfs ?? {}).length > 0, '--tmpfs'],
    [restart !== '' && restart !== 'no', 'restart policies'],
    [(host.Memory ?? 0) > 0, 'memory limits'],
    [(host.NanoCpus ?? 0) > 0 || (host.CpuQuota ?? 0) > 0, 'CPU limits'],
    [(host.CpuShares ?? 0) > 0, 'CPU shares'],
    [(host.PidsLimit ?? 0) > 0, 'limits of processes'],
    [host.ReadonlyRootfs === true, '--read-only'],
  ];
  const found = asked.find(([isAsked]) => isAsked);
  if (!found) return;
  throw new EngineError('not-implemented', `this version of wolffia does not support ${found[1]}`);
}
