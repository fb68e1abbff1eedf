/** No document that anybody writes for us nests deeper than a dozen. */
const MAX_DEPTH = 100;

/**
 * JSON of strangers. Millions of brackets within each other take V8 seconds, in which nothing else
 * happens: seven times as long as the same length of anything else. They are counted first.
 *
 * # Errors: throws SyntaxError
 */
export function parseJson(text: string): unknown {
  let depth = 0;
  let isString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (isString) {
      if (char === '\\') index++;
      else if (char === '"') isString = false;
    } else if (char === '"') isString = true;
    else if (char === '[' || char === '{') {
      if (++depth > MAX_DEPTH) throw new SyntaxError('JSON that nests too deeply');
    } else if (char === ']' || char === '}') depth--;
  }
  return JSON.parse(text);
}
