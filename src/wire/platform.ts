import * as v from 'valibot';
import { EngineError } from '../base/engine-error.ts';
import { type Platform, parsePlatform, platformText } from '../spec/platform.ts';
import { optional, parseBody } from './parse-body.ts';

const MAX_LENGTH = 256;

const platform = v.object({
  os: v.string(),
  architecture: v.string(),
  variant: optional(v.string()),
});

/**
 * A `platform` parameter: OCI's JSON, as clients send it since version 1.46, or `os/arch[/variant]`.
 *
 * # Errors
 * invalid-argument
 */
export function parsePlatformParameter(text: string | null): Platform | undefined {
  if (text === null || text === '') return undefined;
  const found = parsePlatform(text.startsWith('{') ? platformOfJson(text) : text);
  if (found && text.length <= MAX_LENGTH) return found;
  throw new EngineError(
    'invalid-argument',
    `invalid platform ${JSON.stringify(text.slice(0, MAX_LENGTH))}: expected os/architecture, such as wasi/wasm`,
  );
}

function platformOfJson(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new EngineError('invalid-argument', 'invalid platform: no JSON', { cause: thrown });
  }
  const { os, architecture, variant } = parseBody(platform, value);
  return platformText({ os, architecture, ...(variant ? { variant } : {}) });
}
