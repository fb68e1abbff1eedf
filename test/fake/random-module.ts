import { ByteWriter } from '../../src/base/byte-writer.ts';
import {
  type CodeUnit,
  cuttable,
  FIXED,
  type Part,
  statement,
  typeBytes,
  unit,
  writeUnit,
  zeroOf,
} from './code-unit.ts';
import { I32, I64, V128 } from './number-instructions.ts';
import {
  FUNCTION,
  FunctionContext,
  type FunctionPlan,
  GUARD,
  globalTypes,
  MEMORY_PAGES,
  ModulePlan,
  type Signature,
  TABLE_SIZES,
} from './random-context.ts';
import { randomBody } from './random-control.ts';
import { randomValue } from './random-values.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface RandomCall {
  readonly name: string;
  readonly args: readonly (number | bigint)[];
}

/**
 * A valid module of random code that ends: every function that may be called from anywhere, and
 * every loop that could go on, spends a budget, the exported global `budget`, which the host fills
 * before each call. It imports `host.note (param i32)`, by which the order of effects shows, and
 * exports `memory`, its tables `t0` and `t1`, its globals `g1`, … and its functions `f2`, ….
 */
export class RandomModule {
  readonly calls: readonly RandomCall[];
  readonly #plan: ModulePlan;
  readonly #bodies: readonly FunctionBody[];
  readonly #start: number | undefined;

  constructor(random: SeededRandom) {
    const plan = new ModulePlan(random);
    planFunctions(plan);
    this.#plan = plan;
    this.#bodies = plan.functions.map((self) => writeBody(plan, self));
    this.calls = plan.functions
      .filter(({ isOpen }) => isOpen)
      .flatMap((self) => callsOf(plan, self));
    const startable = plan.functions.find(
      ({ signature }) => signature.parameters.length + signature.results.length === 0,
    );
    this.#start = startable && random.chance(20) ? startable.index : undefined;
  }

  encode(): Uint8Array<ArrayBuffer> {
    return encodeModule(this.#plan, this.#bodies, this.#start);
  }

  /** Cuts out all that can go while `isFailing` holds of the module. */
  reduce(isFailing: () => boolean): void {
    for (let hasChanged = true; hasChanged; ) {
      hasChanged = false;
      for (const code of this.#bodies.flatMap(({ code }) => cuttable(code))) {
        code.isCut = true;
        if (isFailing()) hasChanged = true;
        else code.isCut = false;
      }
    }
  }
}

interface FunctionBody {
  readonly locals: readonly number[];
  readonly code: CodeUnit;
}

function planFunctions(plan: ModulePlan): void {
  const { random } = plan;
  const count = random.between(2, 6);
  for (let position = 0; position < count; position++) {
    const types = (most: number): number[] =>
      Array.from({ length: random.below(most + 1) }, () => random.pick(plan.numberTypes));
    const known = plan.functions.length > 0 && random.chance(35);
    const signature = known
      ? random.pick(plan.functions).signature
      : { parameters: types(3), results: types(random.chance(80) ? 1 : 2) };
    const isGuarded = position === 0 || random.chance(60);
    plan.functions.push({
      index: FUNCTION.firstOwn + position,
      typeIndex: plan.typeIndex(signature),
      signature,
      isGuarded,
      isOpen: position === 0 || random.chance(isGuarded ? 70 : 30),
    });
  }
}

function writeBody(plan: ModulePlan, self: FunctionPlan): FunctionBody {
  const { parameters, results } = self.signature;
  const size = plan.random.between(15, 90);
  const context = new FunctionContext(plan, self, size, randomValue, randomBody);
  const zeros = results.flatMap((type) => [...zeroOf(type)]);
  const entry: Part[] = self.isGuarded
    ? [{ ...context.guard(), type: FIXED }, [0x45, 0x04, 0x40, ...zeros, 0x0f, 0x0b]]
    : [];
  const code = context.within({ types: results, branch: 'free' }, () =>
    unit(
      FIXED,
      ...entry,
      context.body(plan.random.between(2, 5)),
      statement(context.body(3)),
      ...context.values(results, 3),
      [0x0b],
    ),
  );
  return { locals: context.locals.slice(parameters.length), code };
}

function callsOf(plan: ModulePlan, { index, signature }: FunctionPlan): RandomCall[] {
  const { random } = plan;
  if ([...signature.parameters, ...signature.results].includes(V128)) return [];
  return Array.from({ length: random.between(1, 2) }, () => ({
    name: `f${index}`,
    args: signature.parameters.map((type) => {
      const word = random.chance(50) ? random.below(20) - 3 : random.word() | 0;
      return type === I64 ? BigInt(word) : type === I32 ? word : word / 8;
    }),
  }));
}

const FUNCTION_KIND = 0;
const TABLE_KIND = 1;
const MEMORY_KIND = 2;
const GLOBAL_KIND = 3;
const TAG_KIND = 4;

function encodeModule(
  plan: ModulePlan,
  bodies: readonly FunctionBody[],
  start: number | undefined,
): Uint8Array<ArrayBuffer> {
  const note = plan.typeIndex({ parameters: [I32], results: [] });
  const guard = plan.typeIndex({ parameters: [], results: [I32] });
  const tagTypes = plan.tags.map((tag) => plan.typeIndex(tag));
  const imports = new ByteWriter().u8(1).name('host').name('note').u8(FUNCTION_KIND).unsigned(note);
  const functions = vector([guard, ...plan.functions.map(({ typeIndex }) => typeIndex)], leb);
  const tables = vector(TABLE_SIZES, (to, size) =>
    to
      .raw([0x70, 1])
      .u8(size)
      .u8(size * 2),
  );
  const { initial, maximum } = MEMORY_PAGES;
  const flags = plan.isMemoryShared ? 3 : 1;
  const memories = new ByteWriter().raw([1, flags, initial, maximum]);
  const tags = vector(tagTypes, (to, type) => to.u8(0).unsigned(type));
  const globals = vector(globalTypes(plan), (to, type) =>
    to.u8(type).u8(1).raw(zeroOf(type)).u8(0x0b),
  );
  const code = vector(bodies, (to, body) => to.sized(encodeBody(body)));
  const guardBody = new ByteWriter().u8(0).raw(GUARD).u8(0x0b);
  const sections: [number, ByteWriter][] = [
    [1, vector(plan.types, writeSignature)],
    [2, imports],
    [3, functions],
    [4, tables],
    [5, memories],
    ...(plan.exceptions === 'none' ? [] : [[13, tags] satisfies [number, ByteWriter]]),
    [6, globals],
    [7, encodeExports(plan)],
    ...(start === undefined
      ? []
      : [[8, new ByteWriter().unsigned(start)] satisfies [number, ByteWriter]]),
    [9, encodeElements(plan)],
    [12, new ByteWriter().u8(1)],
    [
      10,
      new ByteWriter()
        .unsigned(bodies.length + 1)
        .sized(guardBody)
        .raw(code.view().subarray(1)),
    ],
    [11, new ByteWriter().raw([1, 1]).name('some data')],
  ];
  const module = new ByteWriter().raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  for (const [id, content] of sections) module.u8(id).sized(content);
  return module.finish();
}

function vector<T>(items: readonly T[], write: (to: ByteWriter, item: T) => unknown): ByteWriter {
  const to = new ByteWriter().unsigned(items.length);
  for (const item of items) write(to, item);
  return to;
}

function leb(to: ByteWriter, value: number): void {
  to.unsigned(value);
}

function writeSignature(to: ByteWriter, { parameters, results }: Signature): void {
  to.u8(0x60).unsigned(parameters.length);
  for (const type of parameters) to.raw(typeBytes(type));
  to.unsigned(results.length);
  for (const type of results) to.raw(typeBytes(type));
}

function encodeBody({ locals, code }: FunctionBody): ByteWriter {
  const to = new ByteWriter().unsigned(locals.length);
  for (const type of locals) to.u8(1).raw(typeBytes(type));
  writeUnit(to, code);
  return to;
}

function encodeExports(plan: ModulePlan): ByteWriter {
  const names: [string, number, number][] = [
    ['memory', MEMORY_KIND, 0],
    ['t0', TABLE_KIND, 0],
    ['t1', TABLE_KIND, 1],
    ['budget', GLOBAL_KIND, 0],
    ...plan.functions
      .filter(({ isOpen }) => isOpen)
      .map(({ index }): [string, number, number] => [`f${index}`, FUNCTION_KIND, index]),
  ];
  for (const [index, type] of globalTypes(plan).entries()) {
    if (type !== V128 && index > 0) names.push([`g${index}`, GLOBAL_KIND, index]);
  }
  if (plan.exceptions !== 'none') names.push(['tag', TAG_KIND, 0]);
  return vector(names, (to, [name, kind, index]) => to.name(name).u8(kind).unsigned(index));
}

/** The first table has those functions and a null place; the passive segment has some. */
function encodeElements(plan: ModulePlan): ByteWriter {
  const held = plan.inTable().map(({ index }) => index);
  const active = Array.from(
    { length: (TABLE_SIZES[0] ?? 0) - 1 },
    (_, place) => held[place % held.length] ?? 0,
  );
  return new ByteWriter()
    .u8(2)
    .raw([0, 0x41, 0, 0x0b])
    .raw(vector(active, leb).view())
    .raw([1, 0])
    .raw(vector(active.slice(0, 5), leb).view());
}
