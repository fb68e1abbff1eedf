import { mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { EngineError } from '../base/engine-error.ts';
import type { BindMount } from '../spec/mount.ts';
import type { Mount } from './container-record.ts';
import type { MountRequest } from './create-request.ts';

const PROPAGATIONS = ['shared', 'slave', 'private', 'rshared', 'rslave', 'rprivate'];
const MODES = new Set(['ro', 'rw', 'z', 'Z', 'nocopy', 'consistent', 'cached', 'delegated']);

/** More mounts than this in one container are a mistake; each costs a step in every path walk. */
const MAX_MOUNTS = 1_000;

/**
 * The bind mounts of a request (`-v` and `--mount`); those of tmpfs are `settleStorage`'s.
 *
 * # Errors
 * - invalid-argument: Docker's words for what is no mount, or whose source cannot be mounted
 * - not-implemented: volumes
 */
export function parseMounts(
  binds: readonly string[],
  requests: readonly MountRequest[],
  platform: NodeJS.Platform,
): readonly Mount[] {
  const mounts = [
    ...binds.map((bind) => parseBind(bind, platform)),
    ...requests
      .filter(({ type }) => type !== 'tmpfs')
      .map((request) => parseMountRequest(request, platform)),
  ];
  if (mounts.length > MAX_MOUNTS) {
    throw new EngineError('invalid-argument', `too many mounts: at most ${MAX_MOUNTS}`);
  }
  const targets = new Set<string>();
  for (const mount of mounts) {
    if (targets.has(mount.target)) {
      throw new EngineError('invalid-argument', `Duplicate mount point: ${mount.target}`);
    }
    targets.add(mount.target);
    checkSource(mount, { isMissingAllowed: mount.isSourceCreated });
  }
  return mounts;
}

/**
 * Makes the sources ready right before a start: missing ones of `-v` are made (a directory), and
 * symbolic links in the source are resolved, once and for the whole run.
 *
 * # Errors
 * - invalid-argument: a source is gone, or is neither a directory nor a regular file
 */
export function prepareMounts(mounts: readonly Mount[]): readonly BindMount[] {
  return mounts.map((mount) => {
    if (statOf(mount.source) === undefined && mount.isSourceCreated) makeSource(mount.source);
    checkSource(mount, { isMissingAllowed: false });
    const { target, isReadOnly } = mount;
    return { source: realpathSync(mount.source), target, isReadOnly };
  });
}

/** `source:target[:mode]`; on Windows the source may begin with a drive. */
function parseBind(text: string, platform: NodeJS.Platform): Mount {
  const drive = platform === 'win32' ? (/^[A-Za-z]:(?=[\\/])/.exec(text)?.[0] ?? '') : '';
  const [rest = '', target, mode = '', ...extra] = text.slice(drive.length).split(':');
  const source = drive + rest;
  if (target === undefined || extra.length > 0 || source === '' || target === '') {
    throw new EngineError('invalid-argument', `invalid volume specification: '${text}'`);
  }
  const words = mode === '' ? [] : mode.split(',');
  const unknown = words.find((word) => !MODES.has(word) && !PROPAGATIONS.includes(word));
  if (unknown !== undefined || (words.includes('ro') && words.includes('rw'))) {
    throw new EngineError('invalid-argument', `invalid mode: ${mode}`);
  }
  return {
    source: parseSource(source, platform),
    target: parseTarget(target, text),
    isReadOnly: words.includes('ro'),
    mode,
    propagation: words.find((word) => PROPAGATIONS.includes(word)) ?? 'rprivate',
    isSourceCreated: true,
  };
}

function parseMountRequest(request: MountRequest, platform: NodeJS.Platform): Mount {
  if (request.type === 'volume') {
    throw new EngineError(
      'not-implemented',
      `mounts of type ${request.type} are not supported yet: use a bind mount`,
    );
  }
  if (request.type !== 'bind') {
    throw new EngineError('invalid-argument', `mount type unknown: "${request.type}"`);
  }
  if (request.source === '') {
    throw new EngineError(
      'invalid-argument',
      'invalid mount config for type "bind": field Source must not be empty',
    );
  }
  const { isReadOnly, isSourceCreated } = request;
  return {
    source: parseSource(request.source, platform),
    target: parseTarget(request.target, request.target),
    isReadOnly,
    mode: '',
    propagation: 'rprivate',
    isSourceCreated,
  };
}

function parseSource(source: string, platform: NodeJS.Platform): string {
  const path = platform === 'win32' ? win32 : posix;
  if (source.includes('\0')) {
    throw new EngineError('invalid-argument', 'invalid volume specification: null byte in a path');
  }
  if (path.isAbsolute(source)) return path.normalize(source);
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source)) {
    throw new EngineError(
      'not-implemented',
      `named volumes are not supported yet: give an absolute path of the host in place of "${source}"`,
    );
  }
  throw new EngineError(
    'invalid-argument',
    `"${source}" is no absolute path. If you intended to pass a host directory, use absolute path`,
  );
}

/** Where something is mounted. Errors: invalid-argument. */
export function parseTarget(target: string, specification: string): string {
  if (!target.startsWith('/') || target.includes('\0')) {
    throw new EngineError(
      'invalid-argument',
      `invalid mount path: '${target}' mount path must be absolute`,
    );
  }
  const normal = posix.normalize(target);
  const trimmed = normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
  if (trimmed === '/') {
    throw new EngineError(
      'invalid-argument',
      `invalid volume specification: '${specification}': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
    );
  }
  return trimmed;
}

function checkSource(mount: Mount, options: { readonly isMissingAllowed: boolean }): void {
  const stats = statOf(mount.source);
  if (stats === undefined) {
    if (options.isMissingAllowed) return;
    throw new EngineError(
      'invalid-argument',
      `invalid mount config for type "bind": bind source path does not exist: ${mount.source}`,
    );
  }
  if (stats.isDirectory() || stats.isFile()) return;
  throw new EngineError(
    'invalid-argument',
    `invalid mount config for type "bind": source is neither a directory nor a regular file: ${mount.source}`,
  );
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (thrown) {
    throw new EngineError(
      'invalid-argument',
      `invalid mount config for type "bind": ${codeOf(thrown)} at source path: ${path}`,
      { cause: thrown },
    );
  }
}

function makeSource(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (thrown) {
    throw new EngineError(
      'invalid-argument',
      `error while creating mount source path '${path}': ${codeOf(thrown)}`,
      { cause: thrown },
    );
  }
}

/** Docker's words for the codes that people meet; the code itself else. */
function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'not a directory';
  return code;
}
