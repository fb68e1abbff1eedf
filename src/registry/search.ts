import { EngineError } from '../base/engine-error.ts';
import type { FoundRepository } from './contract.ts';
import { listNames } from './pages.ts';
import { fieldOf, jsonOf, printable, RegistryFault } from './registry-fault.ts';
import type { RegistrySession } from './registry-session.ts';
import { CATALOG_SCOPE } from './scope.ts';

/** More does Docker Hub not give by one request. */
const MAX_RESULTS = 100;
/** Of a hundred results with their descriptions. */
const MAX_RESULTS_BYTES = 4 * 1024 * 1024;

/**
 * Docker's first API had a search; Docker Hub and a few others still do. Undefined: this one does
 * not. Names are as the registry gives them.
 */
export async function searchIndex(
  session: RegistrySession,
  term: string,
  limit: number,
): Promise<readonly FoundRepository[] | undefined> {
  const query = new URLSearchParams({ q: term, n: String(Math.min(limit, MAX_RESULTS)) });
  const answer = await session.send({ method: 'GET', target: `v1/search?${query}`, scopes: [] });
  if (answer.status === 429 || answer.status >= 500) throw await session.fault(answer);
  if (answer.status !== 200) {
    await answer.discard();
    return undefined;
  }
  const bytes = await answer.bytes(MAX_RESULTS_BYTES, 'search results');
  const results = fieldOf(jsonOf(new TextDecoder().decode(bytes)), 'results');
  if (!Array.isArray(results)) return undefined;
  return results.slice(0, limit).flatMap((result: unknown) => {
    const name = fieldOf(result, 'name');
    if (typeof name !== 'string') return [];
    const description = fieldOf(result, 'description');
    const stars = fieldOf(result, 'star_count');
    return {
      name: printable(name),
      description: typeof description === 'string' ? printable(description) : '',
      starCount: typeof stars === 'number' && Number.isSafeInteger(stars) ? stars : 0,
      isOfficial: fieldOf(result, 'is_official') === true,
    };
  });
}

/** Those of its repositories whose name has the term in it. Throws as `listNames`. */
export async function searchCatalog(
  session: RegistrySession,
  term: string,
  limit: number,
): Promise<readonly FoundRepository[]> {
  const list = { target: 'v2/_catalog', field: 'repositories', scopes: [CATALOG_SCOPE] };
  const found: FoundRepository[] = [];
  try {
    for await (const name of listNames(session, list)) {
      if (found.length >= limit) break;
      if (!name.toLowerCase().includes(term.toLowerCase())) continue;
      found.push({ name: printable(name), description: '', starCount: 0, isOfficial: false });
    }
  } catch (thrown) {
    if (!(thrown instanceof RegistryFault) || ![404, 405].includes(thrown.status)) throw thrown;
    const words = `${session.host} cannot be searched: it has neither a search nor a catalog`;
    throw new EngineError('unavailable', words, { cause: thrown });
  }
  return found;
}
