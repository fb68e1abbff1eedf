import { EngineError } from '../base/engine-error.ts';
import { type MountRequest, parseBind } from '../engine/container-mounts.ts';
import type { ContainerRequest } from '../engine/container-request.ts';
import { parseBody } from '../wire/body.ts';
import { type CreateContainerRequest, createContainerRequest } from '../wire/container.ts';

/** Reads the body of `POST /containers/create`. Errors: invalid-argument, naming the path or in Docker's words. */
export function readContainerRequest(json: string): ContainerRequest {
  const body = parseBody(createContainerRequest, json);
  if (Object.keys(body.Volumes ?? {}).length > 0) {
    throw new EngineError(
      'invalid-argument',
      'anonymous volumes cannot be used so far: mount a directory of the host (-v /host/path:/container/path)',
    );
  }
  return {
    image: body.Image,
    hostname: given(body.Hostname),
    user: given(body.User),
    env: body.Env ?? [],
    command: body.Cmd ?? undefined,
    // An entrypoint of one empty string takes the image's away (docker run --entrypoint "").
    entrypoint: body.Entrypoint ? body.Entrypoint.filter((part) => part !== '') : undefined,
    workingDirectory: given(body.WorkingDir),
    labels: body.Labels ?? {},
    exposedPorts: Object.keys(body.ExposedPorts ?? {}),
    hasTerminal: body.Tty ?? false,
    opensStdin: body.OpenStdin ?? false,
    closesStdinOnce: body.StdinOnce ?? false,
    attaches: {
      stdin: body.AttachStdin ?? false,
      stdout: body.AttachStdout ?? false,
      stderr: body.AttachStderr ?? false,
    },
    stopSignal: given(body.StopSignal),
    stopTimeoutSeconds: body.StopTimeout ?? undefined,
    mounts: readMounts(body.HostConfig),
    isAutoRemoved: body.HostConfig?.AutoRemove ?? false,
  };
}

function readMounts(hostConfig: CreateContainerRequest['HostConfig']): MountRequest[] {
  const binds = (hostConfig?.Binds ?? []).map(parseBind);
  const mounts = (hostConfig?.Mounts ?? []).map((mount) => {
    if (mount.Type !== 'bind') {
      throw new EngineError(
        'invalid-argument',
        `mount type "${mount.Type ?? ''}" cannot be used so far: use type "bind"`,
      );
    }
    return {
      source: mount.Source ?? '',
      target: mount.Target,
      isReadOnly: mount.ReadOnly ?? false,
      makesSource: false,
    };
  });
  return [...binds, ...mounts];
}

function given(value: string | null | undefined): string | undefined {
  return value === null || value === '' ? undefined : value;
}
