import { NO_LAYER_XATTRS } from './layer-index.ts';
import { BLOCK_BYTES } from './tar-header.ts';
import type { TarEntry } from './tar-reader.ts';

/** One file of an archive that is written. */
export type TarMember = Pick<
  TarEntry,
  | 'path'
  | 'kind'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'modifiedNs'
  | 'sizeBytes'
  | 'linkTarget'
  | 'deviceMajor'
  | 'deviceMinor'
  | 'xattrs'
>;

/** What a file has that is not said of it. */
export const PLAIN_FILE: Omit<TarMember, 'path' | 'kind' | 'mode'> = {
  uid: 0,
  gid: 0,
  modifiedNs: 0n,
  sizeBytes: 0,
  linkTarget: '',
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: NO_LAYER_XATTRS,
};

const TYPE_FLAGS = {
  regular: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const satisfies Record<TarEntry['kind'], string>;

const EXTENDED_FLAG = 'x';
/** Of extended headers, which are no files. */
const EXTENDED_MODE = 0o644;

const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/** Two blocks of zeros end an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);

const NO_PADDING = new Uint8Array(0);

/** What is to follow a content of that size. */
export function tarPadding(sizeBytes: number): Uint8Array {
  const over = sizeBytes % BLOCK_BYTES;
  return over === 0 ? NO_PADDING : new Uint8Array(BLOCK_BYTES - over);
}

/**
 * The headers of one file: ustar, and before it an extended header (pax(1)) for what has no room
 * there: long names and those that are no ASCII, large numbers, parts of a second, attributes. The
 * same file gives the same bytes.
 */
export function tarHeader(file: TarMember): Uint8Array {
  const records = new PaxRecords();
  const { path, linkTarget, sizeBytes, modifiedNs, uid, gid } = file;
  const split = splitPath(path);
  if (!split) records.add('path', path);
  if (!fits(linkTarget, NAME_BYTES)) records.add('linkpath', linkTarget);
  if (octal(sizeBytes, 12) === undefined) records.add('size', String(sizeBytes));
  if (octal(uid, 8) === undefined) records.add('uid', String(uid));
  if (octal(gid, 8) === undefined) records.add('gid', String(gid));
  const seconds = wholeSeconds(modifiedNs);
  if (seconds === undefined) records.add('mtime', secondsText(modifiedNs));
  for (const [name, value] of file.xattrs) records.add(`SCHILY.xattr.${name}`, value);
  const block = headerBlock(
    { ...file, typeFlag: TYPE_FLAGS[file.kind], seconds: seconds ?? 0 },
    split ?? { prefix: '', name: fallbackName(path) },
  );
  return records.isEmpty ? block : Buffer.concat([extendedHeader(path, records.bytes()), block]);
}

function extendedHeader(path: string, content: Uint8Array): Uint8Array {
  const name = { prefix: '', name: `PaxHeaders/${fallbackName(path)}`.slice(0, NAME_BYTES) };
  const facts = { ...PLAIN_FILE, typeFlag: EXTENDED_FLAG, mode: EXTENDED_MODE, seconds: 0 };
  const block = headerBlock({ ...facts, sizeBytes: content.length }, name);
  return Buffer.concat([block, content, tarPadding(content.length)]);
}

/** Of records `LENGTH KEY=VALUE\n`, the length that of the whole record. */
class PaxRecords {
  readonly #parts: Uint8Array[] = [];

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  add(key: string, value: string | Uint8Array): void {
    const record = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
    // The digits of the length are part of it.
    let length = record.length + 1;
    while (record.length + String(length).length > length) length += 1;
    this.#parts.push(Buffer.from(String(length)), record);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

interface BlockFacts
  extends Pick<
    TarMember,
    'mode' | 'uid' | 'gid' | 'sizeBytes' | 'linkTarget' | 'deviceMajor' | 'deviceMinor'
  > {
  readonly typeFlag: string;
  readonly seconds: number;
}

interface SplitPath {
  readonly prefix: string;
  readonly name: string;
}

const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const NO_CHECKSUM = ' '.repeat(CHECKSUM_BYTES);

function headerBlock(facts: BlockFacts, { prefix, name }: SplitPath): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  const { linkTarget, typeFlag } = facts;
  block.write(name, 0, 'latin1');
  block.write(octal(facts.mode, 8) ?? ZERO, 100, 'latin1');
  block.write(octal(facts.uid, 8) ?? ZERO, 108, 'latin1');
  block.write(octal(facts.gid, 8) ?? ZERO, 116, 'latin1');
  block.write(octal(facts.sizeBytes, 12) ?? ZERO, 124, 'latin1');
  block.write(octal(facts.seconds, 12) ?? ZERO, 136, 'latin1');
  block.write(NO_CHECKSUM, CHECKSUM_AT, 'latin1');
  block.write(typeFlag, 156, 'latin1');
  if (fits(linkTarget, NAME_BYTES)) block.write(linkTarget, 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(octal(facts.deviceMajor, 8) ?? ZERO, 329, 'latin1');
  block.write(octal(facts.deviceMinor, 8) ?? ZERO, 337, 'latin1');
  block.write(prefix, 345, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${octal(sum, CHECKSUM_BYTES - 1)}\0 `, CHECKSUM_AT, 'latin1');
  return block;
}

const ZERO = '0';

/** Digits that fill all of a field but its last byte; undefined when there is no room for them. */
function octal(value: number, fieldBytes: number): string | undefined {
  const digits = value.toString(8).padStart(fieldBytes - 1, '0');
  return value >= 0 && digits.length < fieldBytes ? digits : undefined;
}

/** Undefined for what only an extended header can say. */
function wholeSeconds(timeNs: bigint): number | undefined {
  if (timeNs % 1_000_000_000n !== 0n) return undefined;
  const seconds = Number(timeNs / 1_000_000_000n);
  return octal(seconds, 12) === undefined ? undefined : seconds;
}

/** Seconds with as many decimal places as there are. */
function secondsText(timeNs: bigint): string {
  const magnitude = timeNs < 0n ? -timeNs : timeNs;
  const sign = timeNs < 0n ? '-' : '';
  const fraction = (magnitude % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const whole = `${sign}${magnitude / 1_000_000_000n}`;
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

const ASCII = /^[\x20-\x7e]*$/;

function fits(text: string, maxBytes: number): boolean {
  return text.length <= maxBytes && ASCII.test(text);
}

/** Undefined when the path has no room in name and prefix. */
function splitPath(path: string): SplitPath | undefined {
  if (fits(path, NAME_BYTES)) return { prefix: '', name: path };
  if (!fits(path, NAME_BYTES + 1 + PREFIX_BYTES)) return undefined;
  // The last slash does not count where nothing is behind it.
  const slash = path.slice(0, PREFIX_BYTES + 1).lastIndexOf('/', path.length - 2);
  const name = path.slice(slash + 1);
  return slash > 0 && name.length <= NAME_BYTES
    ? { prefix: path.slice(0, slash), name }
    : undefined;
}

/** For readers that know no extended headers. */
function fallbackName(path: string): string {
  return path.replaceAll(/[^\x20-\x7e]/gu, '_').slice(0, NAME_BYTES);
}
