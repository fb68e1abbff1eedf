/** One header block and what follows it, as a test writes it down: nothing is checked or mended. */
export interface RawEntry {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly uid?: string | Uint8Array;
  readonly gid?: string | Uint8Array;
  /** Absent: that of the content. */
  readonly size?: string | Uint8Array;
  readonly modified?: string | Uint8Array;
  readonly linkName?: string;
  /** With the version behind it. */
  readonly magic?: string;
  readonly deviceMajor?: string;
  readonly deviceMinor?: string;
  readonly prefix?: string;
  readonly content?: string | Uint8Array;
  /** Written over the block, by where they begin, before the checksum is. */
  readonly patches?: ReadonlyMap<number, string | Uint8Array>;
  readonly checksum?: string;
}

export const USTAR = 'ustar\0' + '00';
export const GNU = 'ustar  \0';

/** A tar archive out of its raw parts, with the end that it should have. */
export function rawTar(...entries: readonly (RawEntry | Uint8Array)[]): Buffer {
  const parts = entries.map((entry) => (entry instanceof Uint8Array ? entry : rawEntry(entry)));
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

export function rawEntry(entry: RawEntry): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const block = Buffer.alloc(512);
  const put = (text: string | Uint8Array | undefined, at: number): void => {
    if (text !== undefined) block.set(Buffer.from(text), at);
  };
  put(entry.name ?? 'file', 0);
  put(entry.mode ?? '0000644\0', 100);
  put(entry.uid ?? '0000000\0', 108);
  put(entry.gid ?? '0000000\0', 116);
  put(entry.size ?? octal(content.length, 12), 124);
  put(entry.modified ?? octal(0, 12), 136);
  put(entry.type ?? '0', 156);
  put(entry.linkName, 157);
  put(entry.magic ?? USTAR, 257);
  put(entry.deviceMajor, 329);
  put(entry.deviceMinor, 337);
  put(entry.prefix, 345);
  for (const [at, bytes] of entry.patches ?? []) put(bytes, at);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(entry.checksum ?? `${octal(sum, 7)} `, 148);
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

export function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** A number as GNU tar writes those that have no room as digits. */
export function base256(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = BigInt.asUintN(width * 8, value);
  for (let index = width - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}

/** Records of an extended header. */
export function paxRecords(records: Iterable<readonly [string, string | Uint8Array]>): Buffer {
  return Buffer.concat([...records].map(([key, value]) => paxRecord(key, Buffer.from(value))));
}

function paxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) {
    length = rest.length + String(length).length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** An extended header for the file that comes next. */
export function paxEntry(
  records: Iterable<readonly [string, string | Uint8Array]>,
  type = 'x',
): Buffer {
  return rawEntry({ name: 'PaxHeaders/file', type, content: paxRecords(records) });
}
