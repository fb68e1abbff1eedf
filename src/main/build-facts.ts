/** Filled in by build.mjs; a program that runs from its sources is of no version. */
declare const WOLFFIA_VERSION: string | undefined;
declare const WOLFFIA_BUILD_TIME: string | undefined;

/** What was built, and when. */
export const BUILD = {
  version: typeof WOLFFIA_VERSION === 'string' ? WOLFFIA_VERSION : '0.0.0-source',
  time: typeof WOLFFIA_BUILD_TIME === 'string' ? WOLFFIA_BUILD_TIME : '',
};
