/**
 * The part of Go's text/template that people use with `--format`: text, fields
 * (`{{.State.Status}}`, `{{.}}`), string and number literals, the functions below, pipes,
 * `{{range}}`, `{{if}}`, `{{else}}` and `{{end}}`. https://pkg.go.dev/text/template
 */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';

  constructor(message: string) {
    super(`template parsing error: template: ${message}`);
  }
}

type Renderer = (value: unknown) => string;

/** # Errors: TemplateError. */
export function compileTemplate(source: string): Renderer {
  const tokens = tokenize(source);
  const { nodes, stop } = parseNodes(tokens, []);
  if (stop !== undefined) throw new TemplateError(`unexpected {{${stop}}}`);
  return (value) => renderAll(nodes, value);
}

type Token = { readonly text: string } | { readonly action: string };

type Node =
  | { readonly text: string }
  | { readonly pipe: Pipe }
  | { readonly range: Pipe; readonly body: readonly Node[]; readonly otherwise: readonly Node[] }
  | { readonly test: Pipe; readonly body: readonly Node[]; readonly otherwise: readonly Node[] };

type Pipe = (value: unknown) => unknown;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < source.length) {
    const start = source.indexOf('{{', position);
    if (start < 0) break;
    const end = source.indexOf('}}', start);
    if (end < 0) throw new TemplateError('unclosed action');
    let text = source.slice(position, start);
    let action = source.slice(start + 2, end);
    // {{- and -}} take the white space beside them away.
    if (action.startsWith('- ')) text = text.trimEnd();
    const trimsAfter = action.endsWith(' -');
    action = action.replace(/^- /, '').replace(/ -$/, '').trim();
    tokens.push({ text }, { action });
    position = end + 2;
    if (trimsAfter)
      position += source.slice(position).length - source.slice(position).trimStart().length;
  }
  tokens.push({ text: source.slice(position) });
  return tokens;
}

function parseNodes(
  tokens: Token[],
  stops: readonly string[],
): { nodes: readonly Node[]; stop: string | undefined } {
  const nodes: Node[] = [];
  for (let token = tokens.shift(); token; token = tokens.shift()) {
    if ('text' in token) {
      if (token.text !== '') nodes.push(token);
      continue;
    }
    const { action } = token;
    if (action === 'end' || action === 'else') {
      if (stops.includes(action)) return { nodes, stop: action };
      throw new TemplateError(`unexpected {{${action}}}`);
    }
    if (action.startsWith('/*')) continue;
    const [, keyword, rest = ''] = /^(range|if)\s+(.*)$/s.exec(action) ?? [];
    if (keyword === undefined) {
      nodes.push({ pipe: parsePipe(action) });
      continue;
    }
    const pipe = parsePipe(rest);
    const { body, otherwise } = parseBlock(tokens);
    nodes.push(
      keyword === 'range' ? { range: pipe, body, otherwise } : { test: pipe, body, otherwise },
    );
  }
  if (stops.length > 0) throw new TemplateError('unexpected EOF');
  return { nodes, stop: undefined };
}

function parseBlock(tokens: Token[]): { body: readonly Node[]; otherwise: readonly Node[] } {
  const { nodes: body, stop } = parseNodes(tokens, ['end', 'else']);
  const otherwise = stop === 'else' ? parseNodes(tokens, ['end']).nodes : [];
  return { body, otherwise };
}

function renderAll(nodes: readonly Node[], value: unknown): string {
  return nodes.map((node) => renderNode(node, value)).join('');
}

function renderNode(node: Node, value: unknown): string {
  if ('text' in node) return node.text;
  if ('pipe' in node) return show(node.pipe(value));
  if ('test' in node)
    return renderAll(isTrue(node.test(value)) ? node.body : node.otherwise, value);
  const items = itemsOf(node.range(value));
  if (items.length === 0) return renderAll(node.otherwise, value);
  return items.map((item) => renderAll(node.body, item)).join('');
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'object' && value !== null) return Object.values(value);
  return [];
}

function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go prints it. */
function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([name, one]) => `${name}:${show(one)}`);
    return `map[${pairs.sort().join(' ')}]`;
  }
  return String(value);
}

function parsePipe(source: string): Pipe {
  const stages = splitPipe(source).map(parseStage);
  return (value) => {
    let result: unknown;
    for (const [index, stage] of stages.entries()) {
      result = stage(value, index === 0 ? [] : [result]);
    }
    return result;
  };
}

function splitPipe(source: string): string[] {
  return source.match(/(?:"(?:[^"\\]|\\.)*"|[^|])+/gs) ?? [''];
}

function parseStage(source: string): (value: unknown, piped: readonly unknown[]) => unknown {
  const words = source.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\([^)]*\)|\S+/gs) ?? [];
  const [first, ...rest] = words;
  if (first === undefined) throw new TemplateError('missing value for command');
  const operand = parseOperand(first);
  if (operand) {
    if (rest.length > 0) throw new TemplateError(`can't give argument to non-function ${first}`);
    return operand;
  }
  const call = Object.hasOwn(FUNCTIONS, first) ? FUNCTIONS[first] : undefined;
  if (!call) throw new TemplateError(`function "${first}" not defined`);
  const operands = rest.map((word) => {
    const parsed = parseOperand(word);
    if (parsed) return parsed;
    throw new TemplateError(`unexpected ${word}`);
  });
  return (value, piped) => call([...operands.map((one) => one(value)), ...piped]);
}

function parseOperand(word: string): Pipe | undefined {
  if (word.startsWith('(')) return parsePipe(word.slice(1, -1));
  if (word.startsWith('"')) {
    const text: unknown = JSON.parse(word);
    return () => text;
  }
  if (word.startsWith('`')) return () => word.slice(1, -1);
  if (/^-?\d+$/.test(word)) return () => Number(word);
  if (!word.startsWith('.')) return undefined;
  if (!/^\.$|^(\.\w+)+$/.test(word)) throw new TemplateError(`bad character in ${word}`);
  const names = word.split('.').filter((name) => name !== '');
  return (value) => names.reduce(fieldOf, value);
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

const FUNCTIONS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  json: ([value]) => JSON.stringify(value),
  println: (args) => `${args.map(show).join(' ')}\n`,
  print: (args) => args.map(show).join(''),
  upper: ([value]) => show(value).toUpperCase(),
  lower: ([value]) => show(value).toLowerCase(),
  title: ([value]) => show(value).replaceAll(/\b\w/g, (letter) => letter.toUpperCase()),
  len: ([value]) => (typeof value === 'string' ? Buffer.byteLength(value) : itemsOf(value).length),
  join: ([list, separator]) => itemsOf(list).map(show).join(show(separator)),
  split: ([text, separator]) => show(text).split(show(separator)),
  index: ([value, ...keys]) =>
    keys.reduce(
      (found: unknown, key) =>
        Array.isArray(found) ? found[Number(key)] : fieldOf(found, String(key)),
      value,
    ),
  eq: ([one, ...others]) => others.some((other) => other === one),
  ne: ([one, other]) => one !== other,
  not: ([value]) => !isTrue(value),
  and: (args) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (args) => args.find(isTrue) ?? args.at(-1),
};
