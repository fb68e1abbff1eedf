import { DEFAULT_REGISTRY } from '../../spec/reference.ts';
import { CredentialHelper } from './credential-helper.ts';
import { type AuthEntry, DockerConfig, dockerConfigDirectory } from './docker-config.ts';

/** Docker's name for its own registry among credentials. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';
/** The name that goes with a secret that is an identity token. */
const TOKEN_USERNAME = '<token>';

/** Who a user is for registries: in the same places in which Docker's clients look and keep it. */
export class CredentialStore {
  readonly #config: DockerConfig;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#config = new DockerConfig(dockerConfigDirectory(environment));
    this.#environment = environment;
  }

  /** The file in which a registry's secrets are in plain text; undefined when a helper has them. */
  plainFileOf(registry: string): string | undefined {
    return this.#config.helperOf(keyOf(registry)) === undefined ? this.#config.path : undefined;
  }

  /** Errors: an Error that names the file or the helper. */
  async find(registry: string): Promise<AuthEntry | undefined> {
    const key = keyOf(registry);
    const entries = this.#config.entries();
    const helper = this.#helperOf(key);
    // What docker leaves in the file beside a helper has no secrets in it, or ones of their own.
    const named = [key, ...[...entries.keys()].filter((name) => hostOf(name) === hostOf(key))];
    if (helper) {
      const found = await helper.get(key);
      if (found) return entryOf(found.username, found.secret);
    }
    return named.map((name) => entries.get(name)).find((entry) => entry && isOfUse(entry));
  }

  async save(registry: string, entry: AuthEntry): Promise<void> {
    const key = keyOf(registry);
    const helper = this.#helperOf(key);
    if (helper) {
      const { identityToken } = entry;
      const username = identityToken ? TOKEN_USERNAME : entry.username;
      await helper.store(key, { username, secret: identityToken ?? entry.password });
    }
    this.#config.setEntry(key, helper ? undefined : entry);
  }

  async erase(registry: string): Promise<void> {
    const key = keyOf(registry);
    await this.#helperOf(key)?.erase(key);
    const names = [...this.#config.entries().keys()];
    this.#config.removeEntries(names.filter((name) => hostOf(name) === hostOf(key)));
  }

  #helperOf(key: string): CredentialHelper | undefined {
    const name = this.#config.helperOf(key);
    return name === undefined ? undefined : new CredentialHelper(name, this.#environment);
  }
}

/** `docker.io` has an address of old for a name; all others are called what they are. */
export function keyOf(registry: string): string {
  return hostOf(registry) === hostOf(DOCKER_HUB_KEY) ? DOCKER_HUB_KEY : hostOf(registry);
}

/** `https://ghcr.io/v2/` and `ghcr.io` are one. */
function hostOf(address: string): string {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === DEFAULT_REGISTRY || host === '' ? 'index.docker.io' : host;
}

function isOfUse({ username, identityToken, registryToken }: AuthEntry): boolean {
  return Boolean(username || identityToken || registryToken);
}

function entryOf(username: string, secret: string): AuthEntry {
  if (username !== TOKEN_USERNAME) return { username, password: secret };
  return { username: '', password: '', identityToken: secret };
}
