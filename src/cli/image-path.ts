import type { FlagSpec } from './flags.ts';

export const PLATFORM_FLAG: FlagSpec = {
  name: 'platform',
  kind: 'text',
  summary: 'Set platform if server is multi-platform capable',
};

export const QUIET_FLAG: FlagSpec = {
  name: 'quiet',
  short: 'q',
  kind: 'boolean',
  summary: 'Suppress verbose output',
};

/** `/images/ghcr.io/a/b/json`: the slashes of a name stay. */
export function imagePath(name: string, action = ''): string {
  const encoded = name.split('/').map(encodeURIComponent).join('/');
  return `/images/${encoded}${action === '' ? '' : `/${action}`}`;
}
