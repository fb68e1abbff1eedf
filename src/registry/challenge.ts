/** How a server wants to be told who asks (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** More of either has no honest server. */
const MAX_CHALLENGES = 16;
const MAX_PARAMETERS = 32;

const SEPARATOR = /[\s,]*/y;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
/** Credentials in place of parameters; a lone word with `=` inside is a parameter. */
const TOKEN68 = /[ \t]+[A-Za-z0-9\-._~+/]+=*[ \t]*(?=,|$)/y;

/**
 * Reads the values of WWW-Authenticate, joined by commas: several challenges, whose parameters are
 * separated by commas, too. What is malformed ends the list.
 */
export function parseChallenges(header: string): Challenge[] {
  const reader = new Reader(header);
  const challenges: Challenge[] = [];
  while (challenges.length < MAX_CHALLENGES) {
    reader.take(SEPARATOR);
    const scheme = reader.take(TOKEN);
    if (scheme === undefined) break;
    const parameters = new Map<string, string>();
    if (reader.take(TOKEN68) === undefined) readParameters(reader, parameters);
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
  return challenges;
}

/** Stops before what is no parameter: the next challenge's scheme. */
function readParameters(reader: Reader, parameters: Map<string, string>): void {
  while (parameters.size < MAX_PARAMETERS) {
    const start = reader.position;
    reader.take(SEPARATOR);
    const name = reader.take(TOKEN);
    if (name === undefined || reader.take(EQUALS) === undefined) {
      reader.position = start;
      return;
    }
    const quoted = reader.take(QUOTED);
    const value = quoted?.slice(1, -1).replaceAll(/\\(.)/g, '$1') ?? reader.take(TOKEN);
    if (value === undefined) return;
    parameters.set(name.toLowerCase(), value);
  }
}

class Reader {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** What the sticky pattern matches here, taken; undefined when it does not. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }
}
