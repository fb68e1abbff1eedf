import { messageOf } from '../../base/engine-error.ts';
import { parseReference, registryOf } from '../../spec/reference.ts';
import {
  encodeRegistryAuth,
  REGISTRY_AUTH_HEADER,
  type RegistryAuth,
} from '../../wire/registry-auth.ts';
import { printable } from '../printable.ts';
import type { Terminal } from '../terminal.ts';
import { CredentialStore, keyOf } from './credential-store.ts';
import type { AuthEntry } from './docker-config.ts';

/** The header with what the user's configuration has for an image's registry. */
export function authHeaderFor(
  reference: string,
  terminal: Terminal,
): Promise<Record<string, string>> {
  return authHeaderOf(registryOf(parseReference(reference).repository), terminal);
}

/** As above, for a registry. What cannot be had is told, and the registry is asked without. */
export async function authHeaderOf(
  registry: string,
  terminal: Terminal,
): Promise<Record<string, string>> {
  let entry: AuthEntry | undefined;
  try {
    entry = await new CredentialStore(terminal.env).find(registry);
  } catch (thrown) {
    const reason = printable(messageOf(thrown));
    terminal.stderr.write(`WARNING: no credentials for ${registry}: ${reason}\n`);
  }
  return { [REGISTRY_AUTH_HEADER]: encodeRegistryAuth(entry ? authOf(registry, entry) : {}) };
}

/** As the API takes it. */
export function authOf(registry: string, entry: AuthEntry): RegistryAuth {
  return {
    username: entry.username,
    password: entry.password,
    serveraddress: keyOf(registry),
    ...(entry.identityToken ? { identitytoken: entry.identityToken } : {}),
    ...(entry.registryToken ? { registrytoken: entry.registryToken } : {}),
  };
}
