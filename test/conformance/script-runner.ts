import { EngineError } from '../../src/base/engine-error.ts';
import { rewriteModule } from '../../src/rewrite/rewrite-module.ts';
import { instantiateMetered } from '../fake/metered-guest.ts';
import { NumberCaller } from './number-caller.ts';
import type { Assembler } from './script-assembler.ts';
import { isExpected, isSame, type Maker, type Outcome, ScriptWorld } from './script-world.ts';
import { type Command, type List, readScript } from './wast-reader.ts';

/** What became of a script that was run twice, plain and metered. */
export interface ScriptResult {
  commands: number;
  same: number;
  readonly differences: string[];
  /** Commands whose module admission refused, by reason. */
  readonly refused: Map<string, number>;
  /** Settled before a module was there: text that no assembler takes. */
  textOnly: number;
  /** Where the plain run is not what the suite wants: none of the rewriter's doing. */
  readonly unexpected: string[];
  /** How often metered code asked for another slice. */
  yields: number;
}

export interface ScriptOptions {
  readonly assemble: Assembler;
  /** What scripts import, in the plain world and in the other. */
  readonly spectest: readonly [plain: WebAssembly.Module, metered: WebAssembly.Module];
  /** Fuel of a slice: small, so that a yield falls anywhere. */
  readonly slice: number;
}

/** What admission refuses is not run here either: it would leave traces in one world only. */
const plain: Maker = (bytes, imports) => {
  const module = new WebAssembly.Module(bytes);
  const refusal = refusalOf(bytes);
  if (refusal) throw refusal;
  return new WebAssembly.Instance(module, imports).exports;
};

/** Admission's word; `undefined` when it takes the module, or takes it for one that is invalid. */
function refusalOf(bytes: Uint8Array<ArrayBuffer>): EngineError | undefined {
  try {
    rewriteModule(bytes);
  } catch (thrown) {
    if (thrown instanceof EngineError && !thrown.message.includes('malformed')) return thrown;
  }
  return undefined;
}

function metered(slice: number, result: ScriptResult): Maker {
  return (bytes, imports) => {
    const rewritten = rewriteModule(bytes);
    const module = new WebAssembly.Module(rewritten.bytes);
    const guest = instantiateMetered(rewritten, module, imports, {
      slice,
      isKilled: () => {
        result.yields++;
        return false;
      },
    });
    guest.start();
    return guest.exports;
  };
}

export async function runScript(text: string, options: ScriptOptions): Promise<ScriptResult> {
  const result: ScriptResult = {
    commands: 0,
    same: 0,
    differences: [],
    refused: new Map(),
    textOnly: 0,
    unexpected: [],
    yields: 0,
  };
  const caller = new NumberCaller();
  const world = (make: Maker, spectest: WebAssembly.Module): ScriptWorld =>
    new ScriptWorld(make, new WebAssembly.Instance(spectest).exports, caller);
  const worlds = [
    world(plain, options.spectest[0]),
    world(metered(options.slice, result), options.spectest[1]),
  ] as const;
  for (const command of readScript(text)) {
    result.commands++;
    const step = await stepOf(command, options.assemble);
    if (typeof step === 'string') {
      result.textOnly++;
      if (command.kind !== 'refused') result.unexpected.push(`line ${command.line}: ${step}`);
      continue;
    }
    const [first, second] = [step(worlds[0]), step(worlds[1])];
    record(result, command, first, second);
  }
  return result;
}

function record(result: ScriptResult, command: Command, first: Outcome, second: Outcome): void {
  const expected: readonly List[] = command.kind === 'return' ? command.expected : [];
  if (first.kind !== 'refused' && !isFulfilled(command, first)) {
    result.unexpected.push(`line ${command.line}: ${JSON.stringify(first, showBits)}`);
  }
  if (first.kind === 'refused') {
    result.refused.set(first.reason, (result.refused.get(first.reason) ?? 0) + 1);
    return;
  }
  // Refused by both, with other words; what asks for its exports later finds none.
  if (second.kind === 'refused' && (first.kind === 'invalid' || first.kind === 'missing')) {
    result.same++;
    return;
  }
  if (first.kind === 'unlinkable' && first.message.includes('mismatch in shared state')) {
    const reason = 'no memory is shared any more: linking does not tell them apart';
    result.refused.set(reason, (result.refused.get(reason) ?? 0) + 1);
    return;
  }
  if (isSame(first, second, expected)) {
    result.same++;
    return;
  }
  const show = (outcome: Outcome): string => JSON.stringify(outcome, showBits);
  result.differences.push(`line ${command.line}: plain ${show(first)}, metered ${show(second)}`);
}

function showBits(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

type Step = (world: ScriptWorld) => Outcome;

/** What to do in each world; a string says why there is nothing to do. */
async function stepOf(command: Command, assemble: Assembler): Promise<Step | string> {
  switch (command.kind) {
    case 'module':
    case 'definition':
    case 'refused': {
      const assembled = await assemble(command.source);
      if ('textError' in assembled) return assembled.textError;
      const { bytes } = assembled;
      if (command.kind === 'refused') return (world) => world.refuse(bytes);
      const { id } = command;
      return command.kind === 'module'
        ? (world) => world.instantiate(id, bytes)
        : (world) => world.define(id, bytes);
    }
    case 'instance':
      return (world) => world.instantiateDefinition(command.id, command.definition);
    case 'register':
      return (world) => world.register(command.as, command.module);
    case 'action':
    case 'abrupt':
      return (world) => world.run(command.action);
    case 'return':
      return (world) => world.run(command.action, command.expected);
    case 'unknown':
      return `an unknown command: ${command.what}`;
  }
}

const ABRUPT_KINDS = { trap: 'trap', exception: 'exception', exhaustion: 'exhaustion' } as const;
const REFUSAL_KINDS = {
  malformed: 'invalid',
  invalid: 'invalid',
  unlinkable: 'unlinkable',
  trap: 'trap',
} as const;

/** Whether V8 does by itself what the suite wants. */
function isFulfilled(command: Command, outcome: Outcome): boolean {
  switch (command.kind) {
    case 'return':
      return (
        isExpected(outcome, command.expected) ||
        (outcome.kind === 'values' && outcome.values.length === 0 && command.expected.length === 0)
      );
    case 'abrupt':
      return outcome.kind === ABRUPT_KINDS[command.assertion];
    case 'refused':
      return outcome.kind === REFUSAL_KINDS[command.assertion];
    case 'action':
      return outcome.kind === 'values';
    default:
      return outcome.kind === 'done';
  }
}
