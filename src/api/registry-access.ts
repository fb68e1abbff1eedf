import type { Credentials, RegistryAccess } from '../registry/contract.ts';
import {
  parseRegistryAuth,
  REGISTRY_AUTH_HEADER,
  type RegistryAuth,
} from '../wire/registry-auth.ts';
import type { Exchange } from './exchange.ts';

/** With whose credentials a registry is asked, and until when. Errors: invalid-argument. */
export function accessOf(exchange: Exchange): RegistryAccess {
  const header = exchange.request.headers[REGISTRY_AUTH_HEADER.toLowerCase()];
  const auth = parseRegistryAuth(Array.isArray(header) ? header[0] : header);
  return { credentials: credentialsOf(auth), signal: exchange.gone };
}

/** Undefined where nothing is said: then the registry is asked without. */
export function credentialsOf(auth: RegistryAuth): Credentials | undefined {
  const { identitytoken, registrytoken } = auth;
  const [username, password] = auth.username
    ? [auth.username, auth.password ?? '']
    : decodePair(auth.auth ?? '');
  if (!username && !identitytoken && !registrytoken) return undefined;
  return {
    username,
    password,
    ...(identitytoken ? { identityToken: identitytoken } : {}),
    ...(registrytoken ? { registryToken: registrytoken } : {}),
  };
}

/** `username:password` in base64; the name has no colon. */
function decodePair(auth: string): [username: string, password: string] {
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? ['', ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Docker's name for its own registry among a user's credentials is an address. */
const DOCKER_HUB_HOSTS = ['index.docker.io', 'registry-1.docker.io', 'docker.io', ''];

/** `https://ghcr.io/v2/` and `ghcr.io` are one; Docker Hub is `docker.io`. */
export function registryHost(address: string): string {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return DOCKER_HUB_HOSTS.includes(host) ? 'docker.io' : host;
}
