import type { Exchange } from './exchange.ts';

/**
 * One operation: a method, and a path in which `{…}` stands for one component and `{…*}` for
 * several (image names).
 */
export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handle: (exchange: Exchange) => Promise<void> | void;
}

export function route(method: string, path: string, handle: Route['handle']): Route {
  const source = path.replaceAll(/\{\w+\*\}/g, '(.+)').replaceAll(/\{\w+\}/g, '([^/]+)');
  return { method, pattern: new RegExp(`^${source}$`), handle };
}

/** The first route that fits, with what stands for the braces of its path, decoded. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; parameters: readonly string[] } | undefined {
  for (const candidate of routes) {
    if (candidate.method !== method) continue;
    const found = candidate.pattern.exec(path);
    if (found) return { route: candidate, parameters: found.slice(1).map(decode) };
  }
  return undefined;
}

function decode(component: string): string {
  try {
    return decodeURIComponent(component);
  } catch {
    // What is no escape is taken as it stands; no name has such characters, so nothing will be
    // found.
    return component;
  }
}
