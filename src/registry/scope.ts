/** More than a mount needs; a challenge may hold as many as its header is long. */
const MAX_SCOPES = 16;

export function pullScope(path: string): string {
  return `repository:${path}:pull`;
}

export function pushScope(path: string): string {
  return `repository:${path}:pull,push`;
}

export const CATALOG_SCOPE = 'registry:catalog:*';

/** What we know to need, and what the challenge asks for. Actions on the same thing are joined. */
export function mergeScopes(ours: readonly string[], challenged: string): string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of [...ours, ...challenged.split(' ')]) {
    const colon = scope.lastIndexOf(':');
    if (colon <= 0 || actions.size >= MAX_SCOPES) continue;
    const thing = scope.slice(0, colon);
    const known = actions.get(thing) ?? new Set();
    for (const action of scope.slice(colon + 1).split(',')) known.add(action);
    actions.set(thing, known);
  }
  return [...actions].map(([thing, known]) => `${thing}:${[...known].join(',')}`);
}
