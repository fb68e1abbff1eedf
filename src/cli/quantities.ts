/**
 * Numbers as Docker's flags take them: sizes of memory (docker/go-units `RAMInBytes`) and CPUs
 * (docker/cli `ParseCPUs`), with their messages; and our own counts of fuel.
 */
export type QuantityKind = 'bytes' | 'bytes or -1' | 'cpus' | 'fuel';

type Parse = (text: string) => number;

/** Each throws an Error that says what is wrong. */
export const QUANTITIES: Readonly<Record<QuantityKind, Parse>> = {
  bytes: parseBytes,
  'bytes or -1': (text) => (text === '-1' ? -1 : parseBytes(text)),
  cpus: parseCpus,
  fuel: parseFuel,
};

const BINARY: Readonly<Record<string, number>> = {
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

/** `512`, `64m`, `1.5GiB`, `10 kb`: units of 1024 in either case. # Errors: Error. */
export function parseBytes(text: string): number {
  const { number, suffix } = splitSuffix(text);
  const value = parseGoFloat(number);
  if (value < 0) throw new Error(`invalid size: '${text}'`);
  const unit = suffix.toLowerCase();
  if (unit === '' || unit === 'b') return Math.trunc(value);
  const [, letter = ''] = /^([kmgtp])(?:b|ib)?$/.exec(unit) ?? [];
  const factor = BINARY[letter];
  // go-units lowers a suffix only once it is short enough to be one.
  if (factor === undefined) {
    throw new Error(`invalid suffix: '${suffix.length > 3 ? suffix : unit}'`);
  }
  return Math.trunc(value * factor);
}

function splitSuffix(text: string): { readonly number: string; readonly suffix: string } {
  const end = Math.max(...[...'0123456789. '].map((character) => text.lastIndexOf(character)));
  if (end < 0) throw new Error(`invalid size: '${text}'`);
  const number = text.slice(0, text[end] === ' ' ? end : end + 1);
  return { number, suffix: text.slice(end + 1) };
}

function parseGoFloat(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text);
  throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const NANO_DIGITS = 9;

/** `1.5`, `1/2`, `.25`: billionths of a CPU. # Errors: Error. */
export function parseCpus(text: string): number {
  const [numerator = '', denominator = '1', ...extra] = text.split('/');
  const above = parseDecimal(numerator);
  const below = /^\d+$/.test(denominator) ? BigInt(denominator) : undefined;
  if (!above || !below || extra.length > 0) {
    throw new Error(`failed to parse ${text} as a rational number`);
  }
  const scaled = above.digits * 10n ** BigInt(NANO_DIGITS);
  const divisor = below * 10n ** BigInt(above.scale);
  if (scaled % divisor !== 0n) throw new Error('value is too precise');
  return Number(scaled / divisor);
}

/** More digits than any machine has CPUs, and few enough to be quick. */
const MAX_DECIMAL_LENGTH = 40;

function parseDecimal(text: string): { digits: bigint; scale: number } | undefined {
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text) ?? [];
  if (whole + fraction === '' || text.length > MAX_DECIMAL_LENGTH) return undefined;
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, scale: fraction.length };
}

const DECIMAL: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `5000000`, `5M`, `1.5G` units of fuel, counted in thousands; -1 for no limit. # Errors: Error. */
export function parseFuel(text: string): number {
  if (text === '-1') return -1;
  const [, number = '', unit = ''] = /^(\d+|\d+\.\d+(?=[kmgt]))([kmgt]?)$/i.exec(text) ?? [];
  // Rounded, because 2.3 × 10⁹ is not whole in binary.
  const fuel = Math.round(Number(number) * (DECIMAL[unit.toLowerCase()] ?? Number.NaN));
  if (Number.isSafeInteger(fuel) && fuel > 0) return fuel;
  throw new Error(
    `invalid count of fuel: '${text}': give a positive number with k, M, G or T, or -1 for no limit`,
  );
}

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1.5MiB`, with four digits, as docker stats prints memory (go-units `BytesSize`). */
export function binarySize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toPrecision(4))}${BINARY_UNITS[unit]}`;
}
