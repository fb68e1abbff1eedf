/**
 * Whether a name fits a pattern in which `*` stands for anything within one component and `?` for
 * one character. Takes no more than pattern times name, whatever they are.
 */
export function fitsPattern(name: string, pattern: string): boolean {
  const components = name.split('/');
  const patterns = pattern.split('/');
  return (
    components.length === patterns.length &&
    components.every((component, index) => fitsComponent(component, patterns[index] ?? ''))
  );
}

function fitsComponent(text: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  // Where the last `*` stands, and how far it has been stretched.
  let star = -1;
  let stretched = 0;
  while (at < text.length) {
    if (pattern[place] === '*') {
      star = place++;
      stretched = at;
    } else if (pattern[place] === '?' || pattern[place] === text[at]) {
      place += 1;
      at += 1;
    } else if (star >= 0) {
      place = star + 1;
      at = ++stretched;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(place));
}
