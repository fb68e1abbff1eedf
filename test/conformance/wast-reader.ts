/**
 * Reads the script format of the WebAssembly core testsuite (`interpreter/README.md` of the
 * specification, "Scripts") into commands. Modules stay text or bytes: an assembler of choice turns
 * the text into bytes.
 */
export type Node = Atom | Text | List;

interface Atom {
  readonly kind: 'atom';
  readonly text: string;
}

interface Text {
  readonly kind: 'string';
  readonly bytes: readonly number[];
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly start: number;
  readonly end: number;
}

export type ModuleSource =
  | { readonly form: 'text'; readonly text: string }
  | { readonly form: 'quote'; readonly text: string }
  | { readonly form: 'binary'; readonly bytes: Uint8Array<ArrayBuffer> };

export type Action =
  | {
      readonly kind: 'invoke';
      readonly module: string | undefined;
      readonly name: string;
      readonly args: readonly List[];
    }
  | { readonly kind: 'get'; readonly module: string | undefined; readonly name: string };

export type Command = { readonly line: number } & (
  | { readonly kind: 'module'; readonly id: string | undefined; readonly source: ModuleSource }
  | { readonly kind: 'definition'; readonly id: string | undefined; readonly source: ModuleSource }
  | {
      readonly kind: 'instance';
      readonly id: string | undefined;
      readonly definition: string | undefined;
    }
  | { readonly kind: 'register'; readonly as: string; readonly module: string | undefined }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'return'; readonly action: Action; readonly expected: readonly List[] }
  /** Of an action: it must end by a trap, an exception or by exhaustion. */
  | {
      readonly kind: 'abrupt';
      readonly assertion: 'trap' | 'exception' | 'exhaustion';
      readonly action: Action;
    }
  /** Of a module: it must be refused, at the stage that the assertion names. */
  | {
      readonly kind: 'refused';
      readonly assertion: 'malformed' | 'invalid' | 'unlinkable' | 'trap';
      readonly source: ModuleSource;
    }
  | { readonly kind: 'unknown'; readonly what: string }
);

/** # Errors: an Error with the line when the script itself cannot be read. */
export function readScript(text: string): Command[] {
  const nodes = new SexprReader(text).all();
  const lineOf = lineCounter(text);
  const lists = nodes.filter((node): node is List => node.kind === 'list');
  // A file may be a single module without its parentheses.
  if (lists.length > 0 && lists.every((list) => MODULE_FIELDS.includes(headOf(list)))) {
    return [{ line: 1, kind: 'module', id: undefined, source: { form: 'text', text } }];
  }
  return lists.map((list) => readCommand(text, list, lineOf(list.start)));
}

const MODULE_FIELDS = ['func', 'memory', 'table', 'type', 'global', 'import', 'export', 'data'];

function readCommand(text: string, list: List, line: number): Command {
  const [, second, third] = list.items;
  const head = headOf(list);
  switch (head) {
    case 'module':
      return { line, ...readModuleCommand(text, list) };
    case 'register':
      return { line, kind: 'register', as: stringOf(second), module: idOf(third) };
    case 'invoke':
    case 'get':
      return { line, kind: 'action', action: readAction(list) };
    case 'assert_return':
      return {
        line,
        kind: 'return',
        action: readAction(asList(second)),
        expected: list.items.slice(2).map(asList),
      };
    case 'assert_trap':
      return headOf(asList(second)) === 'module'
        ? { line, kind: 'refused', assertion: 'trap', source: readSource(text, asList(second)) }
        : { line, kind: 'abrupt', assertion: 'trap', action: readAction(asList(second)) };
    case 'assert_exception':
    case 'assert_exhaustion':
      return {
        line,
        kind: 'abrupt',
        assertion: head === 'assert_exception' ? 'exception' : 'exhaustion',
        action: readAction(asList(second)),
      };
    case 'assert_malformed':
    case 'assert_malformed_custom':
      return {
        line,
        kind: 'refused',
        assertion: 'malformed',
        source: readSource(text, asList(second)),
      };
    case 'assert_invalid':
    case 'assert_invalid_custom':
      return {
        line,
        kind: 'refused',
        assertion: 'invalid',
        source: readSource(text, asList(second)),
      };
    case 'assert_unlinkable':
      return {
        line,
        kind: 'refused',
        assertion: 'unlinkable',
        source: readSource(text, asList(second)),
      };
    default:
      return { line, kind: 'unknown', what: head };
  }
}

type ModuleCommand = Extract<Command, { kind: 'module' | 'definition' | 'instance' }>;
type WithoutLine<T> = T extends unknown ? Omit<T, 'line'> : never;

function readModuleCommand(text: string, list: List): WithoutLine<ModuleCommand> {
  const keyword = atomOf(list.items[1]);
  if (keyword === 'instance') {
    return { kind: 'instance', id: idOf(list.items[2]), definition: idOf(list.items[3]) };
  }
  const isDefinition = keyword === 'definition';
  return {
    kind: isDefinition ? 'definition' : 'module',
    id: idOf(list.items[isDefinition ? 2 : 1]),
    source: readSource(text, list),
  };
}

function readSource(text: string, list: List): ModuleSource {
  const rest = list.items.slice(1);
  const isDefinition = atomOf(rest[0]) === 'definition';
  if (isDefinition) rest.shift();
  if (idOf(rest[0]) !== undefined) rest.shift();
  const form = atomOf(rest[0]);
  if (form === 'binary' || form === 'quote') {
    const bytes = rest.slice(1).flatMap((node) => (node.kind === 'string' ? [...node.bytes] : []));
    if (form === 'binary') return { form, bytes: new Uint8Array(bytes) };
    // The pieces of a quoted module are lines.
    const lines = rest.slice(1).map((node) => stringOf(node));
    return { form, text: lines.join('\n') };
  }
  const source = text.slice(list.start, list.end);
  return {
    form: 'text',
    text: isDefinition ? source.replace(/^\(\s*module\s+definition/, '(module') : source,
  };
}

function readAction(list: List): Action {
  const [, second, third] = list.items;
  const module = idOf(second);
  const name = stringOf(module === undefined ? second : third);
  if (headOf(list) === 'get') return { kind: 'get', module, name };
  const args = list.items.slice(module === undefined ? 2 : 3).map(asList);
  return { kind: 'invoke', module, name, args };
}

export function headOf(list: List): string {
  return atomOf(list.items[0]) ?? '';
}

export function atomOf(node: Node | undefined): string | undefined {
  return node?.kind === 'atom' ? node.text : undefined;
}

function idOf(node: Node | undefined): string | undefined {
  const text = atomOf(node);
  return text?.startsWith('$') ? text : undefined;
}

function stringOf(node: Node | undefined): string {
  if (node?.kind !== 'string') throw new Error(`a string is wanted, not ${JSON.stringify(node)}`);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(node.bytes));
}

function asList(node: Node | undefined): List {
  if (node?.kind !== 'list') throw new Error(`a list is wanted, not ${JSON.stringify(node)}`);
  return node;
}

function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let at = 0;
  return (offset) => {
    for (; at < offset; at++) if (text.charCodeAt(at) === 10) line++;
    return line;
  };
}

const ESCAPES: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  '"': 34,
  "'": 39,
  '\\': 92,
};

class SexprReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Node[] {
    const nodes: Node[] = [];
    for (let node = this.#next(); node !== undefined; node = this.#next()) nodes.push(node);
    if (this.#at < this.#text.length) throw new Error(`unbalanced ) at ${this.#at}`);
    return nodes;
  }

  /** `undefined` at a closing parenthesis and at the end. Annotations are passed over. */
  #next(): Node | undefined {
    this.#skipSpace();
    const character = this.#text[this.#at];
    if (character === undefined || character === ')') return undefined;
    if (this.#text.startsWith('(@', this.#at)) {
      this.#list();
      return this.#next();
    }
    if (character === '(') return this.#list();
    if (character === '"') return this.#string();
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s()";]/.test(this.#text[this.#at] ?? '')) this.#at++;
    if (this.#at === start) this.#at++;
    return { kind: 'atom', text: this.#text.slice(start, this.#at) };
  }

  #list(): List {
    const start = this.#at++;
    const items: Node[] = [];
    for (let node = this.#next(); node !== undefined; node = this.#next()) items.push(node);
    if (this.#text[this.#at] !== ')') throw new Error(`( at ${start} is never closed`);
    return { kind: 'list', items, start, end: ++this.#at };
  }

  #string(): Text {
    const encoder = new TextEncoder();
    const bytes: number[] = [];
    this.#at++;
    for (;;) {
      const point = this.#text.codePointAt(this.#at);
      if (point === undefined) throw new Error('a string is never closed');
      const character = String.fromCodePoint(point);
      this.#at += character.length;
      if (character === '"') return { kind: 'string', bytes };
      if (character !== '\\') bytes.push(...encoder.encode(character));
      else bytes.push(...this.#escape());
    }
  }

  #escape(): Iterable<number> {
    const character = this.#text[this.#at] ?? '';
    const simple = ESCAPES[character];
    if (simple !== undefined) {
      this.#at++;
      return [simple];
    }
    if (character === 'u') {
      const end = this.#text.indexOf('}', this.#at);
      const point = Number.parseInt(this.#text.slice(this.#at + 2, end).replaceAll('_', ''), 16);
      this.#at = end + 1;
      return new TextEncoder().encode(String.fromCodePoint(point));
    }
    const byte = Number.parseInt(this.#text.slice(this.#at, this.#at + 2), 16);
    this.#at += 2;
    return [byte];
  }

  #skipSpace(): void {
    for (;;) {
      const character = this.#text[this.#at] ?? '';
      if (character !== '' && /\s/.test(character)) this.#at++;
      else if (this.#text.startsWith(';;', this.#at)) this.#skipLine();
      else if (this.#text.startsWith('(;', this.#at)) this.#skipBlockComment();
      else return;
    }
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && !/[\n\r]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #skipBlockComment(): void {
    let depth = 0;
    do {
      if (this.#text.startsWith('(;', this.#at)) {
        depth++;
        this.#at += 2;
      } else if (this.#text.startsWith(';)', this.#at)) {
        depth--;
        this.#at += 2;
      } else {
        this.#at++;
      }
    } while (depth > 0 && this.#at < this.#text.length);
  }
}
