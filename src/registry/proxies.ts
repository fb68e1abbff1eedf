import { EngineError } from '../base/engine-error.ts';

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
const EXCEPTIONS = ['NO_PROXY', 'no_proxy'];

/**
 * The variables that name proxies, as Node's agents take them. A proxy without a scheme is one of
 * HTTP, as curl and Docker have it.
 *
 * # Errors
 * invalid-argument: one that is no URL, or that no agent could use (SOCKS): connections would go
 * past it
 */
export function proxyVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of [...PROXIES, ...EXCEPTIONS]) {
    const value = environment[name];
    if (value) variables[name] = PROXIES.includes(name) ? proxyUrl(name, value) : value;
  }
  return variables;
}

function proxyUrl(name: string, value: string): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  // Its value may hold a password.
  throw new EngineError(
    'invalid-argument',
    `${name} is no proxy that can be used: give it as http://host:port`,
  );
}
