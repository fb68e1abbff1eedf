import { ByteWriter } from '../base/byte-writer.ts';
import { Assembler } from './assembler.ts';
import { SECTION } from './module-sections.ts';

const SECTION_NAME = 'metadata.code.branch_hint';
const UNLIKELY = 0;

/**
 * Tells the compiler which branches are hardly ever taken (the branch hinting proposal, a custom
 * section before the code): those to the host when a slice is used up. V8 then lays such code out
 * of the way and keeps its registers for the rest, which took rewritten QuickJS from 1.31 to 1.19
 * of its plain time, and cmark from 1.25 to 1.16.
 */
export class BranchHints {
  readonly #entries = new Assembler();
  #functionCount = 0;
  /** Of the body in the making: where its unlikely branches stand, within its code. */
  #offsets = new Int32Array(64);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  addUnlikely(offset: number): void {
    if (this.#count === this.#offsets.length) {
      const larger = new Int32Array(this.#count * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[this.#count++] = offset;
  }

  /** `codeStart` is what stands before the code in the body: its local declarations. */
  finishFunction(functionIndex: number, codeStart: number): void {
    if (this.#count === 0) return;
    this.#functionCount++;
    this.#entries.unsigned(functionIndex).unsigned(this.#count);
    for (let index = 0; index < this.#count; index++) {
      this.#entries.unsigned(codeStart + (this.#offsets[index] ?? 0));
      this.#entries.unsigned(1).u8(UNLIKELY);
    }
  }

  section(): Uint8Array {
    const content = new ByteWriter().name(SECTION_NAME).unsigned(this.#functionCount);
    content.raw(this.#entries.view());
    return new ByteWriter().u8(SECTION.custom).sized(content).finish();
  }
}
