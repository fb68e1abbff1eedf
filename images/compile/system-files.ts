/** Sizes of a tar archive's parts (POSIX.1-1988 ustar). */
const BLOCK = 512;
const NAME = { at: 0, size: 100 };
const SIZE = { at: 124, size: 12 };
const TYPE_AT = 156;
const PREFIX = { at: 345, size: 155 };
const REGULAR = [0, 0x30];

/**
 * The files of an archive that LLVM's package brings (headers, libraries), by the path that the
 * compiler looks for them under. The contents are views of `archive`.
 */
export function readSystemFiles(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const field = (start: number, { at, size }: { at: number; size: number }): string => {
    const bytes = archive.subarray(start + at, start + at + size);
    const end = bytes.indexOf(0);
    return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString();
  };
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const name = field(at, NAME);
    if (name === '') break;
    const prefix = field(at, PREFIX);
    const size = Number.parseInt(field(at, SIZE), 8) || 0;
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (REGULAR.includes(archive[at + TYPE_AT] ?? -1)) {
      files.set(`/usr/${prefix === '' ? '' : `${prefix}/`}${name}`, content);
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
