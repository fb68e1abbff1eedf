import { type CodeUnit, type Part, signedBytes, statement } from './code-unit.ts';
import { type FunctionContext, nothing } from './random-context.ts';
import { maybe } from './random-control.ts';

export function throwTag(context: FunctionContext, depth: number): CodeUnit {
  const { random, plan, labels } = context;
  if (plan.exceptions === 'none') return nothing();
  const catches = labels.flatMap(({ isCatch }, index) =>
    isCatch === true ? [labels.length - 1 - index] : [],
  );
  if (catches.length > 0 && random.chance(40)) {
    return statement([0x09, random.pick(catches)]);
  }
  const tag = random.below(plan.tags.length);
  const { parameters = [] } = plan.tags[tag] ?? {};
  return maybe(context, () => statement(...context.values(parameters, depth - 1), [0x08, tag]));
}

export function tryCatch(context: FunctionContext, depth: number): CodeUnit {
  switch (context.plan.exceptions) {
    case 'none':
      return nothing();
    case 'legacy':
      return context.random.chance(15) ? delegate(context, depth) : legacyTry(context, depth);
    case 'new':
      return tryTable(context, depth);
  }
}

function riskyBody(context: FunctionContext, depth: number): Part[] {
  const parts: Part[] = [context.body(depth - 1)];
  if (context.random.chance(60)) parts.push(throwTag(context, depth));
  return parts;
}

function legacyTry(context: FunctionContext, depth: number): CodeUnit {
  const { random, plan } = context;
  const parts: Part[] = [[0x06, 0x40]];
  parts.push(...context.within({ types: [], branch: 'free' }, () => riskyBody(context, depth)));
  const handler = (): CodeUnit =>
    context.within({ types: [], branch: 'free', isCatch: true }, () => context.body(depth - 1));
  for (const [index, { parameters }] of plan.tags.entries()) {
    if (random.chance(50)) continue;
    parts.push([0x07, index], ...context.consume(parameters), handler());
  }
  if (random.chance(60)) parts.push([0x19], handler());
  return statement(...parts, [0x0b]);
}

function delegate(context: FunctionContext, depth: number): CodeUnit {
  const target = context.random.below(context.labels.length);
  const body = context.within({ types: [], branch: 'free' }, () => riskyBody(context, depth));
  return statement([0x06, 0x40], ...body, [0x18, target]);
}

/** Two blocks around it take what its clauses catch: the exception's values, or nothing. */
function tryTable(context: FunctionContext, depth: number): CodeUnit {
  const { random, plan } = context;
  const tag = random.below(plan.tags.length);
  const caught = plan.tags[tag]?.parameters ?? [];
  if (random.chance(30)) return withExceptionReference(context, depth, tag, caught);
  const inner = signedBytes(plan.typeIndex({ parameters: [], results: caught }));
  const clauses: (readonly number[])[] = [];
  if (random.chance(70)) clauses.push([0x00, tag, 0]);
  if (random.chance(60)) clauses.push([0x02, catchAllTarget(context)]);
  const opening = [0x1f, 0x40, clauses.length, ...clauses.flat()];
  const within = <T>(types: readonly number[], write: () => T): T =>
    context.within({ types, branch: 'free' }, write);
  return within([], () =>
    within(caught, () => {
      const body = within([], () => riskyBody(context, depth));
      return statement(
        [0x02, 0x40, 0x02, ...inner, ...opening],
        ...body,
        [0x0b, 0x0c, 1, 0x0b],
        ...context.consume(caught),
        [0x0b],
      );
    }),
  );
}

/** Seen from inside the two blocks around it: a label without values that may be gone to freely. */
function catchAllTarget({ labels, random }: FunctionContext): number {
  const outer = labels.flatMap(({ types, branch }, index) =>
    types.length === 0 && branch === 'free' ? [labels.length - 1 - index + 2] : [],
  );
  return random.pick([1, 1, ...outer]);
}

const EXNREF = 0x69;

/** Catches with the reference, which is dropped, or thrown again. */
function withExceptionReference(
  context: FunctionContext,
  depth: number,
  tag: number,
  caught: readonly number[],
): CodeUnit {
  const { random, plan } = context;
  const inner = signedBytes(plan.typeIndex({ parameters: [], results: [...caught, EXNREF] }));
  const isThrownAgain = random.chance(30);
  return context.within({ types: [], branch: 'free' }, () =>
    // Nothing branches to the inner block: no value of its last type can be made.
    context.within({ types: [...caught, EXNREF], branch: 'never' }, () => {
      const body = context.within({ types: [], branch: 'free' }, () => riskyBody(context, depth));
      return statement(
        [0x02, 0x40, 0x02, ...inner, 0x1f, 0x40, 1, 0x01, tag, 0],
        ...body,
        [0x0b, 0x0c, 1, 0x0b],
        isThrownAgain ? [0x0a] : [0x1a, ...caught.map(() => 0x1a)],
        [0x0b],
      );
    }),
  );
}
