import { EngineError } from '../../base/engine-error.ts';
import { familiarRepository, parseReference } from '../../spec/reference.ts';
import { RegistryError } from './registry-error.ts';

/**
 * What repositories are called in requests, and in the store. A request has the short form that
 * people use locally: `python` is `docker.io/library/python`, `ghcr.io/a/b` is itself. So an image
 * has the same name in `wolffia images` and behind the registry's address.
 */
const COMPONENT = '[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*';
/** OCI distribution-spec, "Pulling manifests". */
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
/** As most clients have it. */
const MAX_NAME_LENGTH = 255;

/** The store's name for a repository. Errors: NAME_INVALID. */
export function repositoryOf(name: string): string {
  if (name.length > MAX_NAME_LENGTH || !NAME.test(name)) throw invalidName(name);
  try {
    return parseReference(name).repository;
  } catch (thrown) {
    if (thrown instanceof EngineError) throw invalidName(name);
    throw thrown;
  }
}

/**
 * What clients may call one of the store's repositories. Undefined for one of a registry on a port
 * of its own (`localhost:5000/x`): no name in a request has a colon.
 */
export function nameOf(repository: string): string | undefined {
  const name = familiarRepository(repository);
  return NAME.test(name) ? name : undefined;
}

function invalidName(name: string): RegistryError {
  return new RegistryError('NAME_INVALID', 'invalid repository name', {
    details: [{ name: name.slice(0, MAX_NAME_LENGTH) }],
  });
}
