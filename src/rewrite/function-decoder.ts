import { ADMISSION_LIMITS } from './admit.ts';
import { ByteReader, malformed, refused } from './byte-reader.ts';
import { COST, INSTRUCTION_COSTS } from './cost.ts';
import { EVENT, FunctionEvents, RECENT_COUNT, SIZED } from './function-events.ts';
import type { ModuleOutline } from './module-sections.ts';
import { EMPTY_BLOCK, INSTRUCTION_SHAPES, OPCODE, SHAPE } from './opcode.ts';
import { PrefixedDecoder } from './prefixed-decoder.ts';
import { indexBelow, readHeapType, readValueType } from './type-section.ts';

/** Plain code is cut into stretches of this cost at most, so that checks find a place. */
const LONGEST_STRETCH = 4_000;

/** The blocks that are put around a loop, and their ends. */
const MERGES_OF_LOOP = 6;

/** A power of two above `RECENT_COUNT`. */
const RECENT_RING = 16;

/** A few milliseconds' worth. */
const FUNCTIONS_BETWEEN_PROGRESS = 4096;

/**
 * Reads a body into its events.
 *
 * # Theory of operation
 * One pass from front to back. Nearly all bytes are instructions without control flow, told by
 * their first byte alone, which a tight loop passes over while it adds up their costs; the others
 * become events. Types are not checked, V8 does that with the result; but each index and label is
 * checked against what the module defines, for past the end stands what the rewriter appends. Why
 * an invalid body stays invalid: what is inserted takes nothing from the stack, leaves nothing
 * there, and uses only locals, globals, functions and types that the body cannot name; what is
 * replaced takes and leaves the same types as before; and each label still names a block of the
 * same type.
 *
 * An instruction that is not known is refused: passing over an unknown number of bytes would let
 * the rest be read as something else than V8 reads.
 */
export class FunctionDecoder {
  readonly events = new FunctionEvents();
  /** Parameters included. */
  localCount = 0;
  /** The vector of local declarations: how many groups, and where they stand. */
  declarationCount = 0;
  declarationStart = 0;
  codeStart = 0;
  /**
   * Places where control flow comes together, which compilers keep a copy of all locals for; what
   * is put in is counted as well.
   */
  mergeCount = 0;
  /** 1 for each function whose reference some body has taken. */
  readonly referencedFunctions: Uint8Array;
  /** Whether some body writes a table, or what `PrefixedDecoder` tells: it cannot be set back. */
  isIrreversible = false;

  readonly #module: ModuleOutline;
  readonly #reader: ByteReader;
  readonly #prefixed: PrefixedDecoder;
  readonly #onType: (index: number) => void;
  readonly #declaredFunctions: Uint8Array;
  readonly #progress: () => void;
  #decodedCount = 0;
  #cost = 0;
  #depth = 0;
  /** Where the last instructions begin: a ring, and how many were put into it. */
  readonly #recent = new Int32Array(RECENT_RING);
  #recentCount = 0;

  /** `progress` is called every so many functions. */
  constructor(module: ModuleOutline, progress: () => void = () => {}) {
    this.#module = module;
    this.#progress = progress;
    this.#reader = new ByteReader(module.bytes);
    this.#prefixed = new PrefixedDecoder(module, this.#reader, this.events);
    this.#onType = indexBelow(module.types.length, 'type');
    this.referencedFunctions = new Uint8Array(module.functionCount);
    this.#declaredFunctions = module.referencedFunctions.map((isReferenced, index) =>
      isReferenced === 1 || module.exportedFunctions[index] === 1 ? 1 : 0,
    );
  }

  /** Reads the body that stands at [start, end); the last function's events are gone. */
  decode(functionIndex: number, start: number, end: number): void {
    this.#decodedCount += 1;
    if (this.#decodedCount % FUNCTIONS_BETWEEN_PROGRESS === 0) this.#progress();
    this.#readLocals(functionIndex, start, end);
    const { events } = this;
    events.clear();
    events.add(EVENT.start, this.codeStart, this.codeStart, 0, 0, 0);
    this.#depth = 1;
    this.mergeCount = 0;
    const last = this.#readInstructions(end);
    if (last !== end || this.#depth !== 0) throw malformed('function body does not end at its end');
  }

  #readLocals(functionIndex: number, start: number, end: number): void {
    const reader = this.#reader;
    reader.position = start;
    const type = this.#module.types[this.#module.functionTypes[functionIndex] ?? -1];
    this.localCount = type?.parameters.length ?? 0;
    this.declarationCount = reader.unsigned();
    this.declarationStart = reader.position;
    for (let group = 0; group < this.declarationCount; group++) {
      this.localCount += reader.unsigned();
      if (this.localCount > ADMISSION_LIMITS.locals) {
        throw refused(`more than ${ADMISSION_LIMITS.locals} locals`);
      }
      readValueType(reader, this.#onType);
      if (reader.position > end) throw malformed('local declarations end past their function');
    }
    this.codeStart = reader.position;
  }

  #readInstructions(end: number): number {
    const { bytes } = this.#module;
    const { events, localCount } = this;
    const { globalCount } = this.#module;
    const recent = this.#recent.fill(-1);
    let recentCount = 0;
    let position = this.codeStart;
    let cost = 0;
    while (position < end) {
      const start = position;
      recent[recentCount++ & (RECENT_RING - 1)] = start;
      const opcode = bytes[position++] ?? 0;
      if (cost > LONGEST_STRETCH) {
        events.add(EVENT.cut, start, start, cost, 0, 0);
        this.mergeCount++;
        cost = 0;
      }
      switch (INSTRUCTION_SHAPES[opcode]) {
        case SHAPE.plain:
          cost += INSTRUCTION_COSTS[opcode] ?? 0;
          continue;
        case SHAPE.localGet:
        case SHAPE.localSet: {
          let local = bytes[position++] ?? 0;
          if (local >= 0x80) {
            local = this.#unsignedAt(position - 1);
            position = this.#reader.position;
          }
          if (local >= localCount) throw malformed(`local index ${local} out of range`);
          if (opcode !== OPCODE.localGet) events.addWrite(local, start);
          cost += COST.plain;
          continue;
        }
        case SHAPE.integer:
          while ((bytes[position++] ?? 0) >= 0x80);
          cost += COST.plain;
          continue;
        case SHAPE.memory:
          if ((bytes[position++] ?? 0) >= 0x40) {
            this.#reader.position = position - 1;
            this.#prefixed.readMemoryArgument();
            position = this.#reader.position;
          } else {
            while ((bytes[position++] ?? 0) >= 0x80);
          }
          cost += COST.plain;
          continue;
        case SHAPE.global: {
          const global = this.#unsignedAt(position);
          position = this.#reader.position;
          if (global >= globalCount) throw malformed(`global index ${global} out of range`);
          cost += COST.plain;
          continue;
        }
        case SHAPE.float32:
          position += 4;
          cost += COST.plain;
          continue;
        case SHAPE.float64:
          position += 8;
          cost += COST.plain;
          continue;
      }
      this.#reader.position = position;
      this.#cost = cost;
      this.#recentCount = recentCount;
      this.#readSpecial(opcode, start);
      cost = this.#cost;
      position = this.#reader.position;
      if (this.#depth === 0) break;
    }
    return position;
  }

  #unsignedAt(position: number): number {
    this.#reader.position = position;
    return this.#reader.unsigned();
  }

  #add(kind: number, start: number, operand = 0, extra = 0): void {
    this.events.add(kind, start, this.#reader.position, this.#cost, operand, extra);
    this.#cost = 0;
  }

  #readSpecial(opcode: number, start: number): void {
    const reader = this.#reader;
    switch (opcode) {
      case OPCODE.selectTyped: {
        const count = reader.unsigned();
        if (count > 1) throw malformed('select of several values');
        for (let index = 0; index < count; index++) readValueType(reader, this.#onType);
        break;
      }
      case OPCODE.tableGet:
      case OPCODE.tableSet:
        if (opcode === OPCODE.tableSet) this.isIrreversible = true;
        this.#prefixed.readTable();
        break;
      case OPCODE.memorySize:
        reader.unsigned();
        break;
      case OPCODE.refNull:
        readHeapType(reader, this.#onType);
        break;
      case OPCODE.refFunc:
        this.#readFunctionReference();
        break;
      case OPCODE.gcPrefix:
      case OPCODE.simdPrefix:
      case OPCODE.atomicPrefix:
      case OPCODE.numericPrefix:
        this.#readPrefixed(opcode, start);
        return;
      default:
        this.#readControl(opcode, start);
        return;
    }
    this.#cost += COST.plain;
  }

  #readPrefixed(opcode: number, start: number): void {
    const found = this.#prefixed.read(opcode, this.#depth);
    if (this.#prefixed.isIrreversible) this.isIrreversible = true;
    if (found.kind === undefined) {
      this.#cost += COST.plain;
      return;
    }
    if (found.kind === EVENT.sized && isTableWrite(found.operand)) this.isIrreversible = true;
    this.mergeCount += 2;
    this.#add(found.kind, start, found.operand, found.extra);
  }

  #readFunctionReference(): void {
    const index = this.#readFunction();
    // Exporting the start function would declare it; so that is looked at here.
    if (this.#declaredFunctions[index] !== 1) throw malformed(`undeclared reference to ${index}`);
    this.referencedFunctions[index] = 1;
  }

  #readControl(opcode: number, start: number): void {
    const { br, brIf, brTable, brOnNull, brOnNonNull, delegate, rethrow, memoryGrow } = OPCODE;
    switch (opcode) {
      case OPCODE.block:
        this.#open(EVENT.block, start);
        return;
      case OPCODE.loop:
        this.#open(EVENT.loop, start);
        return;
      case OPCODE.if:
        this.#open(EVENT.if, start);
        return;
      case OPCODE.try:
        this.#open(EVENT.try, start);
        return;
      case OPCODE.tryTable:
        this.#openTryTable(start);
        return;
      case OPCODE.else:
        this.#add(EVENT.else, start);
        return;
      case OPCODE.end:
        this.mergeCount++;
        this.#depth--;
        this.#add(EVENT.end, start, 0, this.#keepRecent(start));
        return;
      case delegate: {
        // Its label counts from outside of the block that it ends.
        this.#depth--;
        const label = this.#readLabel();
        this.#add(EVENT.delegate, start, label);
        return;
      }
      case br:
        this.#add(EVENT.branch, start, this.#readLabel());
        return;
      case brIf:
        this.mergeCount++;
        this.#add(EVENT.branchIf, start, this.#readLabel());
        return;
      case rethrow:
        this.#add(EVENT.rethrow, start, this.#readLabel());
        return;
      case brOnNull:
      case brOnNonNull: {
        const from = this.#reader.position;
        const label = this.#readLabel();
        const extra = this.events.addToPool(from);
        this.events.addToPool(this.#reader.position);
        this.#add(EVENT.branchOn, start, label, extra);
        return;
      }
      case brTable:
        this.#readBranchTable(start);
        return;
      case memoryGrow:
        this.#prefixed.readMemory();
        this.#add(EVENT.sized, start, SIZED.memoryGrow);
        return;
      default:
        this.#readCallOrThrow(opcode, start);
    }
  }

  #readCallOrThrow(opcode: number, start: number): void {
    switch (opcode) {
      case OPCODE.call:
        this.#add(EVENT.call, start, this.#readFunction());
        return;
      case OPCODE.returnCall:
        this.#add(EVENT.tailCall, start, this.#readFunction());
        return;
      case OPCODE.callIndirect:
      case OPCODE.returnCallIndirect:
        this.#onType(this.#reader.unsigned());
        this.#prefixed.readTable();
        break;
      case OPCODE.callRef:
      case OPCODE.returnCallRef:
        this.#onType(this.#reader.unsigned());
        break;
      case OPCODE.return:
        this.#add(EVENT.return, start);
        return;
      case OPCODE.unreachable:
        this.#add(EVENT.unreachable, start);
        return;
      case OPCODE.throw:
        this.#readTag();
        this.#add(EVENT.throw, start);
        return;
      case OPCODE.throwRef:
        this.#add(EVENT.throw, start);
        return;
      case OPCODE.catch:
        this.#readTag();
        this.#add(EVENT.catch, start);
        return;
      case OPCODE.catchAll:
        this.#add(EVENT.catch, start);
        return;
      default:
        throw refused(`unknown instruction 0x${opcode.toString(16)}${proposalOf(opcode)}`);
    }
    const isTail = opcode === OPCODE.returnCallIndirect || opcode === OPCODE.returnCallRef;
    if (!isTail) {
      this.#add(EVENT.indirectCall, start);
      return;
    }
    // The event costs what a direct call does.
    this.#cost += COST.indirectCall - COST.plain;
    this.#add(EVENT.tailCall, start, -1);
  }

  /** Reads a block type and opens the block; its label's arity is the event's operand. */
  #open(kind: number, start: number): void {
    const arity = this.#readBlockType(kind === EVENT.loop);
    if (kind === EVENT.loop) this.mergeCount += MERGES_OF_LOOP;
    this.#add(kind, start, arity);
    this.#enter();
  }

  #enter(): void {
    this.#depth++;
    this.mergeCount++;
    if (this.#depth > ADMISSION_LIMITS.nesting) {
      throw refused(`blocks nested deeper than ${ADMISSION_LIMITS.nesting}`);
    }
  }

  #readBlockType(isLoop: boolean): number {
    const reader = this.#reader;
    const first = this.#module.bytes[reader.position] ?? 0;
    if (first === EMPTY_BLOCK) {
      reader.skip(1);
      return 0;
    }
    if (first > EMPTY_BLOCK && first < 0x80) {
      readValueType(reader, this.#onType);
      return isLoop ? 0 : 1;
    }
    const index = reader.signed33();
    const type = this.#module.types[index];
    if (!type) throw malformed(`block type index ${index} is not that of a function`);
    return isLoop ? type.parameters.length : type.results.length;
  }

  #openTryTable(start: number): void {
    const { events } = this;
    const reader = this.#reader;
    const arity = this.#readBlockType(false);
    const typeEnd = reader.position;
    const count = reader.unsigned();
    if (count > ADMISSION_LIMITS.branchTableEntries)
      throw refused('too many catches of a try_table');
    const extra = events.addToPool(count);
    events.addToPool(typeEnd);
    for (let index = 0; index < count; index++) {
      const kind = reader.u8();
      if (kind > 3) throw malformed(`unknown kind of catch ${kind}`);
      events.addToPool(kind);
      events.addToPool(kind < 2 ? this.#readTag() : 0);
      events.addToPool(this.#readLabel());
      this.mergeCount++;
    }
    this.#add(EVENT.tryTable, start, arity, extra);
    this.#enter();
  }

  /** Answers where the instructions before a latch are kept, behind which this `end` stands. */
  #keepRecent(start: number): number {
    const { events } = this;
    const last = events.count - 1;
    const isLatch = events.kinds[last] === EVENT.branchIf && events.operands[last] === 0;
    if (!isLatch || events.ends[last] !== start) return 0;
    const first = events.poolLength;
    // The newest two are the `end` and the `br_if`.
    for (let back = 3; back < RECENT_COUNT + 3; back++) {
      const slot = (this.#recentCount - back) & (RECENT_RING - 1);
      events.addToPool(this.#recent[slot] ?? -1);
    }
    return first;
  }

  #readBranchTable(start: number): void {
    const { events } = this;
    const count = this.#reader.unsigned();
    if (count > ADMISSION_LIMITS.branchTableEntries) {
      throw refused(`br_table of more than ${ADMISSION_LIMITS.branchTableEntries} entries`);
    }
    const extra = events.addToPool(count + 1);
    for (let index = 0; index <= count; index++) events.addToPool(this.#readLabel());
    this.mergeCount += count;
    this.#add(EVENT.branchTable, start, extra);
  }

  #readLabel(): number {
    const label = this.#reader.unsigned();
    if (label >= this.#depth) throw malformed(`label ${label} out of range`);
    return label;
  }

  #readFunction(): number {
    const index = this.#reader.unsigned();
    if (index >= this.#module.functionCount) {
      throw malformed(`function index ${index} out of range`);
    }
    return index;
  }

  #readTag(): number {
    const index = this.#reader.unsigned();
    if (index >= this.#module.tagCount) throw malformed(`tag index ${index} out of range`);
    return index;
  }
}

function isTableWrite(kind: number): boolean {
  const { tableCopy, tableFill, tableInit, tableGrow } = SIZED;
  return kind === tableCopy || kind === tableFill || kind === tableInit || kind === tableGrow;
}

/** Whose instructions V8 may learn, but runs only when it is told to. */
function proposalOf(opcode: number): string {
  return opcode >= 0xe0 && opcode <= 0xe6 ? ' (stack switching)' : '';
}
