import { EngineError } from '../base/engine-error.ts';
import { type Digest, parseDigest } from './digest.ts';

/**
 * The name of an image: `[registry/]path[:tag][@digest]`.
 * https://pkg.go.dev/github.com/distribution/reference
 */
export interface Reference {
  /** With the registry written out: `docker.io/library/python`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

export const DEFAULT_REGISTRY = 'docker.io';
/** What Docker Hub was called before; clients still write it. */
const DEFAULT_REGISTRY_ALIAS = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
export const DEFAULT_TAG = 'latest';

const MAX_REPOSITORY_LENGTH = 255;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const REGISTRY = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;

/**
 * A name with neither tag nor digest is left so: callers say whether they mean `:latest`.
 *
 * # Errors
 * invalid-argument: `invalid reference format`, and why
 */
export function parseReference(text: string): Reference {
  const [beforeDigest = '', ...digests] = text.split('@');
  const digest = parseDigest(digests[0] ?? '');
  if (digests.length > 1 || (digests.length === 1 && !digest)) throw invalidReference(text);
  const { name, tag } = splitTag(beforeDigest);
  if (tag !== undefined && !isTag(tag)) throw invalidReference(text);
  return {
    repository: parseRepository(name, text),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** As parseReference, with `:latest` where neither tag nor digest is given. */
export function parseTagged(text: string): Reference {
  const reference = parseReference(text);
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: DEFAULT_TAG };
}

/** The short form that people read: `python:latest`, `ghcr.io/a/b@sha256:…`. */
export function familiarName(reference: Reference): string {
  return familiarRepository(reference.repository) + suffixOf(reference);
}

/** With the registry written out: `docker.io/library/python:latest`. */
export function longName(reference: Reference): string {
  return reference.repository + suffixOf(reference);
}

function suffixOf({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

export function familiarRepository(repository: string): string {
  const prefix = `${DEFAULT_REGISTRY}/`;
  if (!repository.startsWith(prefix)) return repository;
  const path = repository.slice(prefix.length);
  return path.startsWith(OFFICIAL_PREFIX) && !path.slice(OFFICIAL_PREFIX.length).includes('/')
    ? path.slice(OFFICIAL_PREFIX.length)
    : path;
}

/** The registry of a repository that is written out. */
export function registryOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'));
}

/** How its registry calls it: `library/python`. */
export function pathOf(repository: string): string {
  return repository.slice(registryOf(repository).length + 1);
}

/** A colon after the last slash begins a tag; one before it belongs to the registry's port. */
function splitTag(text: string): { name: string; tag: string | undefined } {
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  if (colon < 0) return { name: text, tag: undefined };
  return { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function parseRepository(name: string, text: string): string {
  if (/^[0-9a-f]{64}$/.test(name)) {
    throw new EngineError(
      'invalid-argument',
      `invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const hasRegistry =
    slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const registry = hasRegistry && first !== DEFAULT_REGISTRY_ALIAS ? first : DEFAULT_REGISTRY;
  let path = hasRegistry ? name.slice(slash + 1) : name;
  if (registry === DEFAULT_REGISTRY && !path.includes('/')) path = OFFICIAL_PREFIX + path;
  if (path !== path.toLowerCase()) {
    throw new EngineError(
      'invalid-argument',
      `invalid reference format: repository name (${path.replace(OFFICIAL_PREFIX, '')}) must be lowercase`,
    );
  }
  if (!REGISTRY.test(registry)) throw invalidReference(text);
  if (!path.split('/').every((component) => COMPONENT.test(component)))
    throw invalidReference(text);
  const repository = `${registry}/${path}`;
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    throw new EngineError(
      'invalid-argument',
      `invalid reference format: repository name must not be more than ${MAX_REPOSITORY_LENGTH} characters`,
    );
  }
  return repository;
}

const MAX_SHOWN = 300;

function invalidReference(text: string): EngineError {
  return new EngineError(
    'invalid-argument',
    `invalid reference format: ${JSON.stringify(text.slice(0, MAX_SHOWN))}`,
  );
}
