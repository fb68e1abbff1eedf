import { EngineError } from '../base/engine-error.ts';
import { familiarName, parseTagged } from '../spec/reference.ts';
import { booleanFilter, parseFilters } from '../wire/filters.ts';
import {
  CONTENT_DIGEST_HEADER,
  type DistributionInspect,
  MANIFESTS_PATH,
  SEARCH_FILTERS,
  type SearchItem,
} from '../wire/image.ts';
import { type AuthResponse, parseRegistryAuthBody } from '../wire/registry-auth.ts';
import type { Exchange } from './exchange.ts';
import type { ImageBackend } from './image-backend.ts';
import { descriptorResponse, platformResponse } from './image-views.ts';
import { accessOf, credentialsOf, registryHost } from './registry-access.ts';
import { type Route, route } from './route.ts';

/** What asks a registry, and leaves the local images alone. */
export function distributionRoutes({ transfers }: ImageBackend): readonly Route[] {
  return [
    route('POST', '/auth', async (exchange) => {
      const auth = parseRegistryAuthBody(await exchange.jsonBody());
      const { identityToken } = await transfers.logIn(registryHost(auth.serveraddress ?? ''), {
        credentials: credentialsOf(auth),
        signal: exchange.gone,
      });
      exchange.json(200, {
        Status: 'Login Succeeded',
        IdentityToken: identityToken ?? '',
      } satisfies AuthResponse);
    }),
    route('GET', '/distribution/{name*}/json', async (exchange) => {
      const name = familiarName(parseTagged(exchange.parameter(0)));
      const { descriptor, platforms } = await transfers.inspectRemote(name, accessOf(exchange));
      exchange.json(200, {
        Descriptor: descriptorResponse(descriptor),
        Platforms: platforms.map(platformResponse),
      } satisfies DistributionInspect);
    }),
    route('GET', `${MANIFESTS_PATH}/{name*}`, async (exchange) => {
      const name = familiarName(parseTagged(exchange.parameter(0)));
      const { descriptor, bytes } = await transfers.inspectRemote(name, accessOf(exchange));
      // A registry may say anything; a header may not.
      const { mediaType, digest } = descriptor;
      const contentType = /^[\w.+/-]+$/.test(mediaType) ? mediaType : 'application/octet-stream';
      exchange.bytes(contentType, bytes, { [CONTENT_DIGEST_HEADER]: digest });
    }),
  ];
}

/** Docker Hub's own bounds. */
const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;
/** Of a term: a repository's name is shorter. */
const MAX_TERM_LENGTH = 1_000;

/** `GET /images/search` */
export async function searchImages(exchange: Exchange, { transfers }: ImageBackend): Promise<void> {
  const term = exchange.query.get('term') ?? '';
  if (term === '' || term.length > MAX_TERM_LENGTH) {
    throw new EngineError('invalid-argument', 'invalid search: give a term');
  }
  const limit = exchange.whole('limit') || DEFAULT_LIMIT;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new EngineError(
      'invalid-argument',
      `limit ${limit} is outside the range of [1, ${MAX_LIMIT}]`,
    );
  }
  const filters = parseFilters(exchange.query.get('filters'), SEARCH_FILTERS);
  const isOfficial = booleanFilter(filters, 'is-official');
  const isAutomated = booleanFilter(filters, 'is-automated');
  const leastStars = Math.max(0, ...(filters.get('stars') ?? []).map(starCount));
  const found = await transfers.search(term, limit, accessOf(exchange));
  const items = found
    .filter((one) => isOfficial === undefined || one.isOfficial === isOfficial)
    // Registries make no automated builds any more, as Docker has it.
    .filter((one) => isAutomated !== true && one.starCount >= leastStars);
  exchange.json(
    200,
    items.map(
      (one): SearchItem => ({
        name: one.name,
        description: one.description,
        star_count: one.starCount,
        is_official: one.isOfficial,
        is_automated: false,
      }),
    ),
  );
}

function starCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new EngineError('invalid-argument', `invalid filter 'stars=[${text}]'`);
}
