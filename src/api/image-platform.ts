import { EngineError } from '../base/engine-error.ts';
import type { Image } from '../image/contract.ts';
import { type Platform, platformText, satisfies } from '../spec/platform.ts';

/** # Errors: not-found in Docker's words, when an image is for another platform. */
export function checkPlatform(
  { platform }: Image,
  name: string,
  wanted: Platform | undefined,
): void {
  if (!wanted || satisfies(platform, wanted)) return;
  throw new EngineError(
    'not-found',
    `image with reference ${name} was found but does not provide the specified platform (${platformText(wanted)})`,
  );
}
