/** One file or directory of an archive that is being written. */
export interface ArchivedFile {
  /** Relative, at most 100 bytes; of a directory it ends in a slash. */
  readonly path: string;
  readonly mode: number;
  /** Of the content: exactly so much must come. */
  readonly sizeBytes: number;
  readonly content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
/** What eleven octal digits hold; more is written in base 256, as GNU tar and all others do. */
const MAX_OCTAL_SIZE = 0o77777777777;
const CHECKSUM_OFFSET = 148;
const CHECKSUM_BYTES = 8;

/**
 * A tar archive (POSIX ustar) that depends on nothing but these: owned by root, from the epoch.
 * Reads a content only as fast as it is read from.
 *
 * # Errors
 * those of the contents; an Error for a content of another size than said
 */
export async function* archiveFiles(files: Iterable<ArchivedFile>): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    yield headerOf(file);
    let leftBytes = file.sizeBytes;
    for await (const chunk of file.content) {
      leftBytes -= chunk.length;
      if (leftBytes < 0) break;
      yield chunk;
    }
    if (leftBytes !== 0) throw new Error(`${file.path} is not of its ${file.sizeBytes} bytes`);
    const paddingBytes = -file.sizeBytes & (BLOCK_BYTES - 1);
    if (paddingBytes > 0) yield new Uint8Array(paddingBytes);
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

function headerOf({ path, mode, sizeBytes }: ArchivedFile): Uint8Array {
  const header = Buffer.alloc(BLOCK_BYTES);
  if (Buffer.byteLength(path) > NAME_BYTES) throw new Error(`${path} is too long for a header`);
  header.write(path, 0);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  if (sizeBytes <= MAX_OCTAL_SIZE) header.write(octal(sizeBytes, 11), 124);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  header.write(octal(0, 11), 136);
  header.write(path.endsWith('/') ? '5' : '0', 156);
  header.write('ustar\x0000', 257);
  header.write('root', 265);
  header.write('root', 297);
  header.fill(' ', CHECKSUM_OFFSET, CHECKSUM_OFFSET + CHECKSUM_BYTES);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, CHECKSUM_OFFSET);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
