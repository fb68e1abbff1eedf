import { type CodeUnit, NULLABLE, type Part, statement, unit, unsignedBytes } from './code-unit.ts';
import { type FunctionContext, nothing } from './random-context.ts';

/** `call_ref` and `return_call_ref` through a local or a `ref.func`; null traps. */
export function callReference(context: FunctionContext, depth: number): CodeUnit {
  const found = someReference(context);
  if (!found || context.isHot) return nothing();
  const { signature, type } = found;
  const given = (): Part[] => [
    ...context.values(signature.parameters, depth - 1),
    calleeOf(context, type, depth),
  ];
  const index = unsignedBytes(type - NULLABLE);
  const isTail = signature.results.join() === context.self.signature.results.join();
  if (isTail && context.random.chance(20)) {
    const guard = context.guard();
    return context.within({ types: [], branch: 'free' }, () =>
      statement(guard, [0x04, 0x40], ...given(), [0x15, ...index, 0x0b]),
    );
  }
  return statement(...given(), [0x14, ...index], ...context.consume(signature.results));
}

/** `br_on_null` and `br_on_non_null` out of a block of their own. */
export function branchOnNull(context: FunctionContext, depth: number): CodeUnit {
  const found = someReference(context);
  if (!found) return nothing();
  const { type } = found;
  const reference = context.value(type, depth - 1);
  if (context.random.chance(50)) {
    const targets = context.labels.flatMap(({ types, branch }, index) =>
      types.length === 0 && branch === 'free' ? [context.labels.length - 1 - index] : [],
    );
    if (targets.length === 0) return nothing();
    return statement(reference, [0xd5, context.random.pick(targets), 0x1a]);
  }
  const nonNull: Part = [0x02, 0x64, ...unsignedBytes(type - NULLABLE)];
  return context.within({ types: [type], branch: 'never' }, () =>
    statement(
      nonNull,
      context.value(type, depth - 1),
      [0xd6, 0],
      context.body(depth - 2),
      // What falls through has none to leave: it leaves what was not null, or traps.
      context.value(type, 1),
      [0xd4, 0x0b, 0x1a],
    ),
  );
}

/** A function, mostly: a call of null traps. */
function calleeOf(context: FunctionContext, type: number, depth: number): CodeUnit {
  const functions = context.plan.inTable().filter(({ typeIndex }) => type === NULLABLE + typeIndex);
  if (functions.length === 0 || context.random.chance(4)) return context.value(type, depth - 1);
  return unit(type, [0xd2, context.random.pick(functions).index]);
}

function someReference(context: FunctionContext) {
  if (!context.plan.hasTypedReferences) return undefined;
  const types = context.locals.filter((type) => type >= NULLABLE);
  if (types.length === 0) return undefined;
  const type = context.random.pick(types);
  const signature = context.plan.types[type - NULLABLE];
  return signature && { type, signature };
}
