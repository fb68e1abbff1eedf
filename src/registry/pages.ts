import type { HttpAnswer } from './http-answer.ts';
import { fieldOf, jsonOf, RegistryFault } from './registry-fault.ts';
import type { RegistrySession } from './registry-session.ts';

/** Asked for; registries may give less, or more. */
const PAGE_LENGTH = 1_000;
/** Some give all names at once: hundreds of thousands. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
/** A registry whose pages do not end is left after these. */
const MAX_PAGES = 200;

/**
 * The names that a registry lists under `field`, page by page (distribution-spec, "listing tags").
 *
 * # Errors: as `RegistrySession.expect`; RegistryFault when it is no list
 */
export async function* listNames(
  session: RegistrySession,
  list: { readonly target: string; readonly field: string; readonly scopes: readonly string[] },
): AsyncGenerator<string, void, undefined> {
  const { field, scopes } = list;
  let target: string | URL | undefined = `${list.target}?n=${PAGE_LENGTH}`;
  for (let count = 0; target !== undefined && count < MAX_PAGES; count++) {
    const answer: HttpAnswer = await session.expect({ method: 'GET', target, scopes }, [200]);
    const bytes = await answer.bytes(MAX_PAGE_BYTES, 'a list');
    const names = fieldOf(jsonOf(new TextDecoder().decode(bytes)), field);
    // `null` is Go's empty list.
    if (names !== null && !Array.isArray(names)) {
      const { host } = answer.url;
      throw new RegistryFault(
        host,
        answer.status,
        '',
        `${host} answers without a list of ${field}`,
      );
    }
    for (const name of names ?? []) if (typeof name === 'string') yield name;
    target = nextPage(answer);
  }
}

/**
 * `<…>; rel="next"` (RFC 8288). Only its path counts: registries behind proxies do not know their
 * own name.
 */
function nextPage(answer: HttpAnswer): URL | undefined {
  const link = answer.header('link') ?? '';
  const text = /<([^<>]*)>\s*;\s*rel="?next"?/i.exec(link)?.[1];
  if (text === undefined || !URL.canParse(text, answer.url)) return undefined;
  const next = new URL(text, answer.url);
  return new URL(next.pathname + next.search, answer.url.origin);
}
