import { messageOf } from '../base/engine-error.ts';
import { QUANTITIES, type QuantityKind } from './quantities.ts';

/**
 * Command lines as Docker's clients read them (spf13/pflag): `-it`, `-e A=1`, `-eA=1`, `--name=x`,
 * `--name x`, `--`. Its messages are pflag's.
 */
export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly kind: 'boolean' | 'text' | 'list' | 'integer' | QuantityKind;
  readonly summary: string;
  /** What stands for the value in the help. */
  readonly placeholder?: string;
  /** For a boolean: true unless it is given as `=false`. */
  readonly isOnByDefault?: true;
}

/** What a user wrote wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export class Flags {
  readonly #values = new Map<string, string[]>();
  readonly #specs: readonly FlagSpec[];

  constructor(specs: readonly FlagSpec[]) {
    this.#specs = specs;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  isOn(name: string): boolean {
    const value = this.text(name);
    if (value !== undefined) return value === 'true';
    return this.#specs.find((spec) => spec.name === name)?.isOnByDefault === true;
  }

  /** The last value that was given. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** Of an integer or a quantity, the latter in its unit (bytes, billionths of a CPU, fuel). */
  integer(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value);
  }

  /**
   * Errors: UsageError when the value is not of the flag's kind. `shown` is how the user wrote the
   * flag.
   */
  add(spec: FlagSpec, value: string, shown: string): void {
    const values = this.#values.get(spec.name) ?? [];
    values.push(checked(spec, value, shown));
    this.#values.set(spec.name, values);
  }
}

export interface CommandLine {
  readonly flags: Flags;
  readonly positionals: readonly string[];
}

/**
 * # Errors
 * UsageError in pflag's words. With `isInterspersed` false the first positional ends the flags:
 * what follows belongs to the program that is to be run.
 */
export function parseFlags(
  args: readonly string[],
  specs: readonly FlagSpec[],
  isInterspersed: boolean,
): CommandLine {
  const flags = new Flags(specs);
  const positionals: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      positionals.push(...rest);
      break;
    }
    if (arg.startsWith('--')) {
      readLong(arg, rest, specs, flags);
    } else if (arg.startsWith('-') && arg !== '-') {
      readShort(arg, rest, specs, flags);
    } else {
      positionals.push(arg);
      if (isInterspersed) continue;
      positionals.push(...rest);
      break;
    }
  }
  return { flags, positionals };
}

function readLong(arg: string, rest: string[], specs: readonly FlagSpec[], flags: Flags): void {
  const equals = arg.indexOf('=');
  const name = arg.slice(2, equals < 0 ? undefined : equals);
  const spec = specs.find((one) => one.name === name);
  if (!spec) throw new UsageError(`unknown flag: --${name}`);
  const shown = spec.short === undefined ? `--${name}` : `-${spec.short}, --${name}`;
  if (equals >= 0) {
    flags.add(spec, arg.slice(equals + 1), shown);
    return;
  }
  if (spec.kind === 'boolean') {
    flags.add(spec, 'true', shown);
    return;
  }
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`flag needs an argument: --${name}`);
  flags.add(spec, value, shown);
}

function readShort(arg: string, rest: string[], specs: readonly FlagSpec[], flags: Flags): void {
  for (let index = 1; index < arg.length; index++) {
    const letter = arg.charAt(index);
    const spec = specs.find((one) => one.short === letter);
    if (!spec) throw new UsageError(`unknown shorthand flag: '${letter}' in ${arg}`);
    const shown = `-${letter}, --${spec.name}`;
    const attached = arg.slice(index + 1);
    if (spec.kind === 'boolean' && !attached.startsWith('=')) {
      flags.add(spec, 'true', shown);
      continue;
    }
    const value = attached === '' ? rest.shift() : attached.replace(/^=/, '');
    if (value === undefined) {
      throw new UsageError(`flag needs an argument: '${letter}' in ${arg}`);
    }
    flags.add(spec, value, shown);
    return;
  }
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

function checked({ kind }: FlagSpec, value: string, shown: string): string {
  if (kind === 'boolean') {
    if (TRUE.includes(value)) return 'true';
    if (FALSE.includes(value)) return 'false';
    throw new UsageError(
      `invalid argument ${JSON.stringify(value)} for "${shown}" flag: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  }
  if (kind === 'integer' && !/^-?\d{1,15}$/.test(value)) {
    throw new UsageError(
      `invalid argument ${JSON.stringify(value)} for "${shown}" flag: strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  }
  const parse = Object.hasOwn(QUANTITIES, kind) ? QUANTITIES[kind as QuantityKind] : undefined;
  if (!parse) return value;
  try {
    return String(parse(value));
  } catch (thrown) {
    throw new UsageError(
      `invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${messageOf(thrown)}`,
    );
  }
}

/** The flags as `--help` lists them. */
export function describeFlags(specs: readonly FlagSpec[]): string {
  const rows = [...specs]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((spec): readonly [string, string] => {
      const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
      const placeholder =
        spec.kind === 'boolean' ? '' : ` ${spec.placeholder ?? PLACEHOLDERS[spec.kind]}`;
      return [`  ${short}--${spec.name}${placeholder}`, spec.summary];
    });
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 3;
  return rows.map(([left, right]) => `${left.padEnd(width)}${right}\n`).join('');
}

const PLACEHOLDERS = {
  text: 'string',
  list: 'list',
  integer: 'int',
  bytes: 'bytes',
  'bytes or -1': 'bytes',
  cpus: 'decimal',
  fuel: 'count',
} as const;
