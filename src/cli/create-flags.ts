import type { ContainerCreateRequest } from '../wire/container-create.ts';
import { ENVIRONMENT_FLAGS, environmentOf } from './environment-flags.ts';
import { type FlagSpec, type Flags, UsageError } from './flags.ts';
import { LIMIT_FLAGS, limitsOf } from './limit-flags.ts';
import { parseBytes } from './quantities.ts';
import type { Terminal } from './terminal.ts';
import { consoleSizeOf } from './window-follower.ts';

/** The flags that `run` and `create` share: what a container is made of. */
export const CREATE_FLAGS: readonly FlagSpec[] = [
  ...LIMIT_FLAGS,
  ...ENVIRONMENT_FLAGS,
  { name: 'isolation', kind: 'text', summary: 'Container isolation: default, process or dense' },
  {
    name: 'memory-swappiness',
    kind: 'integer',
    summary: 'Tune container memory swappiness (0 to 100)',
  },
  { name: 'oom-kill-disable', kind: 'boolean', summary: 'Disable OOM Killer' },
  { name: 'attach', short: 'a', kind: 'list', summary: 'Attach to STDIN, STDOUT or STDERR' },
  { name: 'cidfile', kind: 'text', summary: 'Write the container ID to the file' },
  { name: 'entrypoint', kind: 'text', summary: 'Overwrite the default ENTRYPOINT of the image' },
  { name: 'expose', kind: 'list', summary: 'Expose a port or a range of ports' },
  { name: 'hostname', short: 'h', kind: 'text', summary: 'Container host name' },
  {
    name: 'interactive',
    short: 'i',
    kind: 'boolean',
    summary: 'Keep STDIN open even if not attached',
  },
  {
    name: 'init',
    kind: 'boolean',
    summary: 'Run an init inside the container that forwards signals and reaps processes',
  },
  { name: 'label', short: 'l', kind: 'list', summary: 'Set meta data on a container' },
  {
    name: 'mount',
    kind: 'list',
    summary: 'Attach a filesystem mount to the container',
    placeholder: 'mount',
  },
  { name: 'name', kind: 'text', summary: 'Assign a name to the container' },
  {
    name: 'pids-limit',
    kind: 'integer',
    summary: 'Tune container pids limit (set -1 for unlimited)',
  },
  { name: 'privileged', kind: 'boolean', summary: 'Give extended privileges to this container' },
  {
    name: 'read-only',
    kind: 'boolean',
    summary: "Mount the container's root filesystem as read only",
  },
  { name: 'rm', kind: 'boolean', summary: 'Automatically remove the container when it exits' },
  { name: 'shm-size', kind: 'bytes', summary: 'Size of /dev/shm' },
  { name: 'stop-signal', kind: 'text', summary: 'Signal to stop the container' },
  { name: 'stop-timeout', kind: 'integer', summary: 'Timeout (in seconds) to stop a container' },
  {
    name: 'storage-opt',
    kind: 'list',
    summary: 'Storage driver options for the container (size=10G)',
  },
  { name: 'tmpfs', kind: 'list', summary: 'Mount a tmpfs directory' },
  { name: 'tty', short: 't', kind: 'boolean', summary: 'Allocate a pseudo-TTY' },
  { name: 'user', short: 'u', kind: 'text', summary: 'Username or UID' },
  { name: 'volume', short: 'v', kind: 'list', summary: 'Bind mount a directory or file' },
  { name: 'workdir', short: 'w', kind: 'text', summary: 'Working directory inside the container' },
];

/** Which streams of the container this command is attached to. */
export interface Attachment {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** # Errors: UsageError. */
export function attachmentOf(flags: Flags, isDetached: boolean): Attachment {
  const named = flags.list('attach').map((stream) => stream.toLowerCase());
  const bad = named.find((stream) => !['stdin', 'stdout', 'stderr'].includes(stream));
  if (bad !== undefined) {
    throw new UsageError(
      `invalid argument "${bad}" for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR`,
    );
  }
  if (isDetached) {
    if (named.length > 0) throw new UsageError('Conflicting options: -a and -d');
    return { stdin: false, stdout: false, stderr: false };
  }
  const takesAll = named.length === 0;
  return {
    stdin: named.includes('stdin') || (takesAll && flags.isOn('interactive')),
    stdout: takesAll || named.includes('stdout'),
    stderr: takesAll || named.includes('stderr'),
  };
}

/**
 * The request to create the container. Errors: UsageError; what the host answers for an --env-file.
 */
export function createRequestOf(
  flags: Flags,
  [image = '', ...command]: readonly string[],
  attachment: Attachment,
  terminal: Terminal,
): ContainerCreateRequest {
  const binds: string[] = [];
  const volumes: Record<string, Record<string, unknown>> = {};
  for (const volume of flags.list('volume')) {
    if (volume.includes(':')) binds.push(absoluteBind(volume, terminal));
    else volumes[volume] = {};
  }
  const entrypoint = flags.text('entrypoint');
  return {
    Image: image,
    ...(command.length > 0 ? { Cmd: command } : {}),
    ...(entrypoint === undefined ? {} : { Entrypoint: [entrypoint] }),
    Env: environmentOf(flags, terminal),
    WorkingDir: flags.text('workdir'),
    User: flags.text('user'),
    Hostname: flags.text('hostname'),
    Labels: Object.fromEntries(flags.list('label').map(splitPair)),
    ExposedPorts: Object.fromEntries(
      flags.list('expose').map((port) => [port.includes('/') ? port : `${port}/tcp`, {}]),
    ),
    Volumes: volumes,
    StopSignal: flags.text('stop-signal'),
    StopTimeout: flags.integer('stop-timeout'),
    Tty: flags.isOn('tty'),
    OpenStdin: flags.isOn('interactive'),
    StdinOnce: attachment.stdin && flags.isOn('interactive'),
    AttachStdin: attachment.stdin,
    AttachStdout: attachment.stdout,
    AttachStderr: attachment.stderr,
    HostConfig: {
      ...limitsOf(flags),
      Isolation: flags.text('isolation'),
      MemorySwappiness: swappinessOf(flags),
      OomKillDisable: flags.isOn('oom-kill-disable'),
      Binds: binds,
      Mounts: flags.list('mount').map(parseMount),
      AutoRemove: flags.isOn('rm'),
      ReadonlyRootfs: flags.isOn('read-only'),
      StorageOpt: Object.fromEntries(flags.list('storage-opt').map(splitPair)),
      Tmpfs: Object.fromEntries(flags.list('tmpfs').map(splitTmpfs)),
      ShmSize: flags.integer('shm-size'),
      PidsLimit: flags.integer('pids-limit'),
      ...(flags.has('init') ? { Init: flags.isOn('init') } : {}),
      Privileged: flags.isOn('privileged'),
      ...(flags.isOn('tty') ? consoleSizeOf(terminal) : {}),
    },
  };
}

function swappinessOf(flags: Flags): number {
  const swappiness = flags.integer('memory-swappiness') ?? -1;
  if (swappiness >= -1 && swappiness <= 100) return swappiness;
  throw new Error(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
}

/** `./data:/data` means the folder here. */
function absoluteBind(volume: string, { workingDirectory, platform }: Terminal): string {
  if (!/^\.{1,2}(?:[/\\]|:)/.test(volume)) return volume;
  const separator = platform === 'win32' ? '\\' : '/';
  return `${workingDirectory}${separator}${volume}`;
}

function splitPair(label: string): [string, string] {
  const equals = label.indexOf('=');
  return equals < 0 ? [label, ''] : [label.slice(0, equals), label.slice(equals + 1)];
}

/** `/run:size=64m,mode=755` */
function splitTmpfs(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** `type=bind,source=/a,target=/b,readonly` */
function parseMount(text: string) {
  const mount = {
    Type: 'volume',
    Source: '',
    Target: '',
    ReadOnly: false,
    Consistency: '',
    TmpfsOptions: { SizeBytes: 0, Mode: 0 },
  };
  for (const field of text.split(',')) {
    const [key, value] = splitPair(field);
    switch (key.toLowerCase()) {
      case 'type':
        mount.Type = value;
        break;
      case 'source':
      case 'src':
        mount.Source = value;
        break;
      case 'target':
      case 'destination':
      case 'dst':
        mount.Target = value;
        break;
      case 'readonly':
      case 'ro':
        mount.ReadOnly = value === '' || value === 'true' || value === '1';
        break;
      case 'tmpfs-size':
        mount.TmpfsOptions.SizeBytes = parseBytes(value);
        break;
      case 'tmpfs-mode':
        mount.TmpfsOptions.Mode = Number.parseInt(value, 8);
        break;
      case 'consistency':
        mount.Consistency = value;
        break;
      default:
        throw new UsageError(
          `invalid argument "${text}" for "--mount" flag: unexpected key '${key}' in '${field}'`,
        );
    }
  }
  if (mount.Target === '') {
    throw new UsageError(`invalid argument "${text}" for "--mount" flag: target is required`);
  }
  return mount;
}
