import { ByteReader } from './byte-reader.ts';
import { type ModuleOutline, SECTION } from './module-sections.ts';

const FUNCTION_NAMES = 1;

/**
 * What the `name` section calls a function, for a message; undefined when it says nothing. The
 * section is no part of the module's meaning, so that its errors are none.
 */
export function functionName(outline: ModuleOutline, functionIndex: number): string | undefined {
  for (const section of outline.sections) {
    if (section.id !== SECTION.custom) continue;
    const reader = new ByteReader(outline.bytes, section.contentStart, section.end);
    try {
      if (reader.name() !== 'name') continue;
      return findName(reader, functionIndex);
    } catch {
      return undefined; // a section that cannot be read names nothing
    }
  }
  return undefined;
}

function findName(reader: ByteReader, functionIndex: number): string | undefined {
  while (!reader.isAtEnd) {
    const id = reader.u8();
    const sizeBytes = reader.unsigned();
    if (id !== FUNCTION_NAMES) {
      reader.skip(sizeBytes);
      continue;
    }
    for (let left = reader.unsigned(); left > 0; left--) {
      const index = reader.unsigned();
      if (index === functionIndex) return reader.name();
      reader.skip(reader.unsigned());
    }
  }
  return undefined;
}
