import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { EngineError, messageOf } from '../base/engine-error.ts';
import type { RegistrySettings } from '../registry/contract.ts';

export interface DaemonConfigInput {
  readonly flags: {
    readonly 'config-file'?: string | undefined;
    readonly 'registry-mirror'?: readonly string[] | undefined;
    readonly 'insecure-registry'?: readonly string[] | undefined;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly homeDirectory: string;
}

/** What the configuration file, and the flags beside it, tell the daemon. */
export type DaemonConfig = Pick<
  RegistrySettings,
  'mirrors' | 'insecureRegistries' | 'certificateDirectories'
>;

const MAX_LIST_LENGTH = 1_000;
const MAX_TEXT_LENGTH = 4_096;

const texts = v.optional(
  v.pipe(v.array(v.pipe(v.string(), v.maxLength(MAX_TEXT_LENGTH))), v.maxLength(MAX_LIST_LENGTH)),
  [],
);

/** Directives have the names that they have in Docker's daemon.json. */
const configFile = v.strictObject({ 'registry-mirrors': texts, 'insecure-registries': texts });

/**
 * Reads the configuration file: `--config-file`, else `wolffia/daemon.json` in the user's
 * configuration folder, which need not be there. What flags list comes before what the file does.
 *
 * # Errors
 * invalid-argument: a file that cannot be read, is no JSON, or has an unknown directive
 */
export function readDaemonConfig(input: DaemonConfigInput): DaemonConfig {
  const { flags } = input;
  const configHome = configHomeOf(input);
  const path = flags['config-file'] ?? join(configHome, 'wolffia', 'daemon.json');
  const isWanted = flags['config-file'] !== undefined || existsSync(path);
  const file = isWanted ? parseFile(path) : v.parse(configFile, {});
  const systemDirectories = ['/etc/docker/certs.d', '/etc/containers/certs.d'];
  return {
    mirrors: [...(flags['registry-mirror'] ?? []), ...file['registry-mirrors']],
    insecureRegistries: [...(flags['insecure-registry'] ?? []), ...file['insecure-registries']],
    certificateDirectories: [
      join(configHome, 'wolffia', 'certs.d'),
      join(configHome, 'docker', 'certs.d'),
      ...(input.platform === 'win32' ? [] : systemDirectories),
    ],
  };
}

function configHomeOf({ env, platform, homeDirectory }: DaemonConfigInput): string {
  if (platform === 'win32') return env['APPDATA'] || join(homeDirectory, 'AppData', 'Roaming');
  return env['XDG_CONFIG_HOME'] || join(homeDirectory, '.config');
}

function parseFile(path: string): v.InferOutput<typeof configFile> {
  try {
    return v.parse(configFile, JSON.parse(readFileSync(path, 'utf8')));
  } catch (thrown) {
    const where = v.isValiError(thrown) ? ` (${v.getDotPath(thrown.issues[0]) ?? 'the file'})` : '';
    throw new EngineError(
      'invalid-argument',
      `unable to configure the daemon with file ${path}: ${messageOf(thrown)}${where}`,
      { cause: thrown },
    );
  }
}
