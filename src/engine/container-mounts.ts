import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { EngineError, messageOf } from '../base/engine-error.ts';
import type { BindMount } from '../spec/mount.ts';

/** One mount as a user asks for it. */
export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  /** `-v` makes a missing source directory, `--mount` refuses it. */
  readonly makesSource: boolean;
}

const MAX_MOUNTS = 256;

/** Parses `source:target[:options]` (docker run -v). Errors: invalid-argument in Docker's words. */
export function parseBind(bind: string): MountRequest {
  const [source = '', target, options = '', ...rest] = bind.split(':');
  if (target === undefined) {
    throw new EngineError(
      'invalid-argument',
      `invalid volume specification: '${bind}': only bind mounts (/host/path:/container/path) can be used so far`,
    );
  }
  if (rest.length > 0 || target === '') {
    throw new EngineError('invalid-argument', `invalid volume specification: '${bind}'`);
  }
  let isReadOnly = false;
  for (const option of options === '' ? [] : options.split(',')) {
    if (option === 'ro') isReadOnly = true;
    else if (!KNOWN_OPTIONS.includes(option)) {
      throw new EngineError('invalid-argument', `invalid mode: ${options}`);
    }
  }
  return { source, target, isReadOnly, makesSource: true };
}

/** Docker's options that say nothing here: labels of SELinux, propagation between mount namespaces. */
const KNOWN_OPTIONS: readonly string[] = [
  'rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'nocopy',
];

/**
 * What is mounted, with sources as they really are. Errors: invalid-argument in Docker's words.
 */
export function resolveMounts(requests: readonly MountRequest[]): readonly BindMount[] {
  if (requests.length > MAX_MOUNTS) {
    throw new EngineError('invalid-argument', `more than ${MAX_MOUNTS} mounts`);
  }
  const targets = new Set<string>();
  return requests.map((request) => {
    const target = normaliseTarget(request.target);
    if (targets.has(target)) {
      throw new EngineError('invalid-argument', `Duplicate mount point: ${target}`);
    }
    targets.add(target);
    return { source: resolveSource(request), target, isReadOnly: request.isReadOnly };
  });
}

function normaliseTarget(target: string): string {
  if (!target.startsWith('/')) {
    throw new EngineError(
      'invalid-argument',
      `invalid mount config for type "bind": invalid mount path: '${target}' mount path must be absolute`,
    );
  }
  const names = target.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0 || names.includes('..')) {
    throw new EngineError(
      'invalid-argument',
      `invalid mount config for type "bind": invalid specification: destination can't be '${target}'`,
    );
  }
  return `/${names.join('/')}`;
}

function resolveSource({ source, makesSource }: MountRequest): string {
  if (!source.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(source)) {
    throw new EngineError(
      'invalid-argument',
      `"${source}" is no absolute path: named volumes cannot be used so far, give the host's directory in full`,
    );
  }
  try {
    if (makesSource && !statSync(source, { throwIfNoEntry: false })) {
      mkdirSync(source, { recursive: true });
    }
    const resolved = realpathSync(source);
    const stat = statSync(resolved);
    if (stat.isDirectory() || stat.isFile()) return resolved;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') {
      throw new EngineError(
        'invalid-argument',
        `invalid mount config for type "bind": bind source path does not exist: ${source}`,
      );
    }
    throw new EngineError(
      'invalid-argument',
      `invalid mount config for type "bind": cannot use ${source}: ${messageOf(thrown)}`,
      { cause: thrown },
    );
  }
  throw new EngineError(
    'invalid-argument',
    `invalid mount config for type "bind": ${source} is neither a directory nor a regular file`,
  );
}
