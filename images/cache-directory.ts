import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where downloads and builds are kept between runs: `$XDG_CACHE_HOME/wolffia`, or the system's own
 * place for it.
 */
export function cacheDirectoryOf(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): string {
  const own = env['XDG_CACHE_HOME'];
  if (own) return join(own, 'wolffia');
  if (platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'wolffia', 'cache');
  }
  return join(homedir(), '.cache', 'wolffia');
}
