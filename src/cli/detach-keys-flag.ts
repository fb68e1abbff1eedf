import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../wire/detach-keys.ts';
import { dockerConfigDirectory } from './credentials/docker-config.ts';
import type { FlagSpec, Flags } from './flags.ts';
import type { Terminal } from './terminal.ts';

export const DETACH_KEYS_FLAG: FlagSpec = {
  name: 'detach-keys',
  kind: 'text',
  summary: 'Override the key sequence for detaching a container',
};

/**
 * The keys of the flag, else those that the user's Docker configuration has for all commands, else
 * Docker's. Errors: EngineError when they are none.
 */
export function detachKeysOf(flags: Flags, terminal: Terminal): string {
  const keys = flags.text('detach-keys') || configuredKeys(terminal) || DEFAULT_DETACH_KEYS;
  parseDetachKeys(keys);
  return keys;
}

function configuredKeys({ env }: Terminal): string | undefined {
  const path = join(dockerConfigDirectory(env), 'config.json');
  try {
    const config: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const keys = typeof config === 'object' && config && 'detachKeys' in config;
    return keys && typeof config.detachKeys === 'string' ? config.detachKeys : undefined;
  } catch {
    // Most have none; one that cannot be read is for docker to complain about.
    return undefined;
  }
}
