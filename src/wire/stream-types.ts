import { compareVersions } from './versions.ts';

/** Bytes as the program wrote them: containers with a terminal, and all streams before API 1.42. */
export const RAW_STREAM = 'application/vnd.docker.raw-stream';
/** Frames of `stdcopy.ts`. */
export const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream';

/**
 * The content type of `logs` and `attach`. Clients before 1.42 know only `RAW_STREAM`, and get
 * frames under that name when the container has no terminal.
 */
export function streamContentType(hasTerminal: boolean, apiVersion: string): string {
  return hasTerminal || compareVersions(apiVersion, '1.42') < 0 ? RAW_STREAM : MULTIPLEXED_STREAM;
}
