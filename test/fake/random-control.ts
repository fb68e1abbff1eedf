import {
  type CodeUnit,
  constant,
  FIXED,
  FUNCREF,
  type Part,
  signedBytes,
  statement,
  unit,
} from './code-unit.ts';
import { I32 } from './number-instructions.ts';
import {
  FUNCTION,
  type FunctionContext,
  GLOBAL,
  globalTypes,
  type Label,
  nothing,
} from './random-context.ts';
import { countedLoop } from './random-counted-loop.ts';
import { throwTag, tryCatch } from './random-exceptions.ts';
import { branchOnNull, callReference } from './random-references.ts';
import { address, placeOf, store, tableIndex } from './random-values.ts';

/** Some statements. */
export function randomBody(context: FunctionContext, depth: number): CodeUnit {
  const count = depth <= 0 ? context.random.below(2) : context.random.between(1, 4);
  const parts = Array.from({ length: count }, () => randomStatement(context, depth));
  return statement(...parts);
}

function randomStatement(context: FunctionContext, depth: number): CodeUnit {
  context.size--;
  if (context.size <= 0) return nothing();
  const { random } = context;
  if (depth <= 0) return random.chance(50) ? assignment(context, 0) : store(context, 1);
  const roll = random.below(context.closedLabels > 0 ? 76 : 100);
  if (roll < 14) return assignment(context, depth);
  if (roll < 22) return store(context, depth);
  if (roll < 30) return ifElse(context, depth);
  if (roll < 38) return multiBlock(context, depth);
  if (roll < 52) return countedLoop(context, depth);
  if (roll < 58) return guardedLoop(context, depth);
  if (roll < 72) return branch(context, depth);
  if (roll < 79) return call(context, depth);
  if (roll < 83) return bulk(context, depth);
  if (roll < 88) return callReference(context, depth);
  if (roll < 91) return branchOnNull(context, depth);
  if (roll < 96) return tryCatch(context, depth);
  if (roll < 97) return throwTag(context, depth);
  if (roll < 99) return leave(context, depth);
  return random.chance(2) ? statement([0x00]) : nothing();
}

function assignment(context: FunctionContext, depth: number): CodeUnit {
  const { random, plan } = context;
  if (random.chance(30)) {
    const types = globalTypes(plan);
    const global = random.between(GLOBAL.firstOfNumbers, types.length - 1);
    return statement(context.value(types[global] ?? I32, depth - 1), [0x24, global]);
  }
  if (random.chance(5)) {
    return statement(context.value(I32, depth - 1), [0x41, 15, 0x71, 0x24, GLOBAL.bound]);
  }
  const free = context.locals.map((_, index) => index).filter((at) => !context.reserved.has(at));
  const local = random.pick(free);
  const value = context.value(context.locals[local] ?? I32, depth - 1);
  return random.chance(10)
    ? statement(value, [0x22, local, 0x1a])
    : statement(value, [0x21, local]);
}

function ifElse(context: FunctionContext, depth: number): CodeUnit {
  const condition = context.value(I32, depth - 1);
  return context.within({ types: [], branch: 'free' }, () => {
    const parts: Part[] = [condition, [0x04, 0x40], context.body(depth - 1)];
    if (context.random.chance(50)) parts.push([0x05], context.body(depth - 1));
    return statement(...parts, [0x0b]);
  });
}

function someTypes(context: FunctionContext): number[] {
  const { random, plan } = context;
  return Array.from({ length: random.below(3) }, () => random.pick(plan.numberTypes));
}

/** A block, `if` or loop that takes and leaves several values; the loop goes back a few times. */
function multiBlock(context: FunctionContext, depth: number): CodeUnit {
  const { random, plan } = context;
  const parameters = someTypes(context);
  const results = someTypes(context);
  const blockType = signedBytes(plan.typeIndex({ parameters, results }));
  const kind = random.pick(
    context.closedLabels > 0 ? (['block', 'if'] as const) : (['block', 'loop', 'if'] as const),
  );
  const label: Label =
    kind === 'loop' ? { types: parameters, branch: 'guarded' } : { types: results, branch: 'free' };
  const given = context.values(parameters, depth - 1);
  const arm = (): Part[] => [
    ...context.consume(parameters),
    context.body(depth - 1),
    ...context.values(results, depth - 1),
  ];
  if (kind === 'if') {
    const condition = context.value(I32, depth - 1);
    return context.within(label, () =>
      whole(...given, condition, [0x04, ...blockType], ...arm(), [0x05], ...arm(), [0x0b]),
    );
  }
  const opening = [kind === 'loop' ? 0x03 : 0x02, ...blockType];
  return context.within(label, () => whole(...given, opening, ...arm(), [0x0b]));

  function whole(...parts: Part[]): CodeUnit {
    return statement(...parts, ...context.consume(results));
  }
}

/** A loop that everything inside may go back to: its head spends the budget. */
function guardedLoop(context: FunctionContext, depth: number): CodeUnit {
  if (context.isHot || context.closedLabels > 0) return nothing();
  return context.within({ types: [], branch: 'free' }, () =>
    context.within({ types: [], branch: 'free' }, () =>
      statement(
        [0x02, 0x40, 0x03, 0x40],
        { ...context.guard(), type: FIXED },
        [0x45, 0x0d, 1],
        context.body(depth - 1),
        context.random.chance(60)
          ? statement(context.value(I32, depth - 1), [0x0d, 0])
          : statement(),
        [0x0b, 0x0b],
      ),
    ),
  );
}

function branch(context: FunctionContext, depth: number): CodeUnit {
  const { random, labels } = context;
  const open = labels.length - context.closedLabels;
  if (open === 0) return nothing();
  const target = random.below(open);
  const label = labels[labels.length - 1 - target];
  if (!label || label.branch === 'never') return nothing();
  if (label.branch === 'guarded') {
    if (context.isHot) return nothing();
    return context.within({ types: [], branch: 'free' }, () =>
      statement(
        context.guard(),
        [0x04, 0x40],
        statement(...context.values(label.types, depth - 1), [0x0c, target + 1]),
        [0x0b],
      ),
    );
  }
  const values = context.values(label.types, depth - 1);
  const roll = random.below(10);
  if (roll < 6) {
    const condition = context.value(I32, depth - 1);
    return statement(...values, condition, [0x0d, target], ...context.consume(label.types));
  }
  if (roll < 8) return statement(...values, [0x0c, target]);
  return branchTable(context, label, target, depth);
}

function branchTable(
  context: FunctionContext,
  label: Label,
  target: number,
  depth: number,
): CodeUnit {
  const { random, labels } = context;
  const alike = labels.flatMap((candidate, index) =>
    index >= context.closedLabels &&
    candidate.branch === 'free' &&
    candidate.types.join() === label.types.join()
      ? [labels.length - 1 - index]
      : [],
  );
  const count = random.below(5);
  const targets = Array.from({ length: count }, () => random.pick(alike));
  const values = context.values(label.types, depth - 1);
  const selector = unit(I32, context.value(I32, depth - 1), [0x41, 7, 0x71]);
  return statement(...values, selector, [0x0e, count, ...targets, target]);
}

function call(context: FunctionContext, depth: number): CodeUnit {
  const { random } = context;
  if (random.chance(20) && !context.isHot) {
    return statement(context.value(I32, depth - 1), [0x10, FUNCTION.note]);
  }
  const callable = context.callable();
  if (callable.length === 0) return nothing();
  const callee = random.pick(callable);
  const { index, typeIndex, signature, isGuarded, isOpen } = callee;
  context.noteCall(callee);
  const given = (): Part[] => context.values(signature.parameters, depth - 1);
  const isTail = signature.results.join() === context.self.signature.results.join();
  const isTailCall = isTail && isGuarded && context.closedLabels === 0 && random.chance(30);
  const isIndirect = isGuarded && isOpen && random.chance(35);
  if (isTailCall) {
    return maybe(context, () =>
      isIndirect
        ? statement(...given(), placeOf(context, callee), [0x13, typeIndex, 0])
        : statement(...given(), [0x12, index]),
    );
  }
  const called: Part[] = isIndirect
    ? [placeOf(context, callee), [0x11, typeIndex, 0]]
    : [[0x10, index]];
  return statement(...given(), ...called, ...context.consume(signature.results));
}

/** What ends the function stands in an `if`, mostly: else all after it would be dead. */
export function maybe(context: FunctionContext, write: () => CodeUnit): CodeUnit {
  if (context.random.chance(20)) return write();
  const condition = context.value(I32, 1);
  return context.within({ types: [], branch: 'free' }, () =>
    statement(condition, [0x04, 0x40], write(), [0x0b]),
  );
}

function leave(context: FunctionContext, depth: number): CodeUnit {
  const { results } = context.self.signature;
  return maybe(context, () => statement(...context.values(results, depth - 1), [0x0f]));
}

function bulk(context: FunctionContext, depth: number): CodeUnit {
  const { random } = context;
  const limit = context.isHot ? 15 : random.pick([15, 255, 4095, 0xffff]);
  const size = (): CodeUnit => unit(I32, context.value(I32, depth - 1), constant(limit), [0x71]);
  const place = (): CodeUnit => unit(I32, context.value(I32, 1), [0x41, 3, 0x71]);
  const table = random.pick([0, 1] as const);
  switch (random.below(8)) {
    case 0:
      return statement(address(context, depth), address(context, depth), size(), [0xfc, 10, 0, 0]);
    case 1:
      return statement(address(context, depth), context.value(I32, 1), size(), [0xfc, 11, 0]);
    case 2:
      return statement(address(context, depth), place(), place(), [0xfc, 8, 0, 0]);
    case 3:
      return random.chance(10) ? statement([0xfc, 9, 0]) : nothing();
    case 4:
      return statement(place(), place(), place(), [0xfc, 12, 1, table]);
    case 5:
      return statement(place(), place(), place(), [0xfc, 14, table, 1 - table]);
    case 6:
      return statement(place(), context.value(FUNCREF, 1), place(), [0xfc, 17, table]);
    default:
      return statement(tableIndex(context, table), context.value(FUNCREF, 1), [0x26, table]);
  }
}
