/** One option of a configuration in the language of Linux's Kconfig (as far as busybox uses it). */
interface Option {
  type: 'bool' | 'int' | 'hex' | 'string';
  readonly defaults: { readonly value: string; readonly condition: string }[];
  readonly dependencies: string[];
  readonly selected: string[];
  /** The option that its choice starts with. */
  readonly choice: Choice | undefined;
}

interface Choice {
  first: string;
}

/** `y`, `n`, a number, or a string in its quotes. */
export type OptionValue = string;

/**
 * Reads configuration texts, and answers what each option is worth: what `overrides` says, else its
 * default, if what it depends on is.
 *
 * @param isWanted whether an option that stands for a command is to be there; undefined for others
 */
export function configure(
  texts: readonly string[],
  overrides: Readonly<Record<string, OptionValue>>,
  isWanted: (name: string) => boolean | undefined,
): ReadonlyMap<string, OptionValue> {
  const options = parseOptions(texts);
  const values = new Map<string, OptionValue>();
  const worthOf = (name: string): OptionValue => {
    const known = values.get(name);
    if (known !== undefined) return known;
    // While it is being found out: a circle of dependencies holds nothing up.
    values.set(name, 'n');
    const option = options.get(name);
    const found = option ? evaluateOption(name, option) : 'n';
    values.set(name, found);
    return found;
  };
  const evaluateOption = (name: string, option: Option): OptionValue => {
    const override = overrides[name];
    if (override !== undefined) return override;
    const isMet = option.dependencies.every((one) => evaluate(one, worthOf));
    if (!isMet) return option.type === 'bool' ? 'n' : (option.defaults[0]?.value ?? '0');
    const wanted = isWanted(name);
    if (wanted !== undefined) return wanted ? 'y' : 'n';
    if (option.choice) return option.choice.first === name ? 'y' : 'n';
    const found = option.defaults.find(({ condition }) => evaluate(condition, worthOf));
    if (option.type !== 'bool') return found?.value ?? (option.type === 'string' ? '""' : '0');
    return found && evaluate(found.value, worthOf) ? 'y' : 'n';
  };
  for (const name of options.keys()) worthOf(name);
  // What an option selects is there with it.
  for (const [name, { selected }] of options) {
    if (values.get(name) === 'y') for (const other of selected) values.set(other, 'y');
  }
  return values;
}

function parseOptions(texts: readonly string[]): ReadonlyMap<string, Option> {
  const options = new Map<string, Option>();
  let option: Option | undefined;
  let choice: Choice | undefined;
  for (const line of texts.join('\n').split('\n')) {
    const [, word = '', rest = ''] = /^\s*(\w+)\s*(.*)$/.exec(line) ?? [];
    if (/^config\s/.test(line)) {
      option = { type: 'bool', defaults: [], dependencies: [], selected: [], choice };
      options.set(rest.trim(), option);
    } else if (/^(choice|endchoice|menu|endmenu|source|comment|if|endif)\b/.test(line)) {
      option = undefined;
      choice = word === 'choice' ? { first: '' } : undefined;
    } else if (option) {
      readLine(option, word, rest);
    } else if (choice && word === 'default') {
      choice.first = rest.trim();
    }
  }
  return options;
}

function readLine(option: Option, word: string, rest: string): void {
  switch (word) {
    case 'bool':
    case 'int':
    case 'hex':
    case 'string':
      option.type = word;
      break;
    case 'default': {
      const [value = '', condition = 'y'] = rest.replace(/\s*#.*$/, '').split(/\s+if\s+/);
      if (/^("|\w|!|\()/.test(value)) option.defaults.push({ value: value.trim(), condition });
      break;
    }
    case 'depends':
      if (rest.startsWith('on ')) option.dependencies.push(rest.slice(3).replace(/#.*$/, ''));
      break;
    case 'select':
      option.selected.push(rest.replace(/\s.*$/, ''));
      break;
  }
}

/** `A && !(B || C)`, of names and of y and n. */
function evaluate(expression: string, worthOf: (name: string) => OptionValue): boolean {
  const tokens = expression.match(/\w+|&&|\|\||[!()]/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let value = both();
    while (tokens[at] === '||') {
      at++;
      value = both() || value;
    }
    return value;
  };
  const both = (): boolean => {
    let value = single();
    while (tokens[at] === '&&') {
      at++;
      value = single() && value;
    }
    return value;
  };
  const single = (): boolean => {
    const token = tokens[at++];
    if (token === '!') return !single();
    if (token === '(') {
      const value = either();
      at++;
      return value;
    }
    return token === 'y' || (token !== 'n' && token !== undefined && worthOf(token) === 'y');
  };
  return either();
}
