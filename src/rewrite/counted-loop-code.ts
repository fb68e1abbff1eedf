import type { CountedLoop } from './counted-loops.ts';
import type { FuelCode } from './fuel-code.ts';
import { OPCODE } from './opcode.ts';

/**
 * The code around a counted loop.
 *
 * # Theory of operation
 * The loop is cut into chunks. Before each, the iterations that it is sure to run are charged at
 * once, at most `longestChunk` of them, and their end is put into a local; the loop itself compares
 * its variable with that, and has neither charge nor check:
 *
 *     loop $outer
 *       iterations = clamp(ceil(distance / step), 1, longestChunk)
 *       fuel -= iterations * cost; if (fuel < 0) exhausted()
 *       end = variable + iterations * step
 *       loop $own  … variable += step …  br_if $own (variable != end)  end
 *       br_if $outer (variable < bound)        ;; the loop's own comparison
 *     end
 *
 * The distance is that from the variable to the bound, in i64 as the comparison sees both. Of that
 * many iterations all but the last are sure to find the comparison true; the last one is asked it,
 * and so the number need not be exact: where the variable passes the bound and wraps around, or
 * steps over a bound that `ne` never meets, another chunk follows.
 */
export function beginChunk(fuel: FuelCode, counted: CountedLoop, cost: number): void {
  const { code, locals } = fuel;
  const { variable, step, longestChunk } = counted;
  const iterations = locals.index('iterations');
  const distance = locals.index('distance');
  putQuotient(fuel, counted);
  code.localTee(distance).i64Const(longestChunk);
  code.localGet(distance).i64Const(longestChunk).u8(OPCODE.i64LtS).u8(OPCODE.select);
  code.localTee(distance).i64Const(1);
  code.localGet(distance).i64Const(1).u8(OPCODE.i64GtS).u8(OPCODE.select);
  code.u8(OPCODE.i32WrapI64).localSet(iterations);

  fuel.read();
  code.localGet(iterations);
  if (cost !== 1) code.i32Const(cost).u8(OPCODE.i32Mul);
  code.u8(OPCODE.i32Sub);
  fuel.writeAndTest();
  fuel.yieldIf();

  code.localGet(variable).localGet(iterations);
  if (step !== 1) code.i32Const(step).u8(OPCODE.i32Mul);
  code.u8(OPCODE.i32Add).localSet(locals.index('chunkEnd'));
}

/** Puts ceil(distance / |step|) on the stack, as an i64 that is below 1 where there is none. */
function putQuotient({ code }: FuelCode, counted: CountedLoop): void {
  const { variable, step, comparison } = counted;
  const stepSize = Math.abs(step);
  const isUp = step > 0;
  const putVariable = (): void => {
    code.localGet(variable);
  };
  const putBound = (): void => putBoundOf(code, counted);
  const [high, low] = isUp ? [putBound, putVariable] : [putVariable, putBound];
  if (comparison === OPCODE.i32Ne) {
    // Both ends may lie on either side of a wrap: the distance is taken modulo 2^32.
    high();
    low();
    code.u8(OPCODE.i32Sub).u8(OPCODE.i64ExtendI32U);
  } else {
    const extend = SIGNED.includes(comparison) ? OPCODE.i64ExtendI32S : OPCODE.i64ExtendI32U;
    high();
    code.u8(extend);
    low();
    code.u8(extend).u8(OPCODE.i64Sub);
  }
  const roundUp = stepSize - 1 + (INCLUSIVE.includes(comparison) ? 1 : 0);
  if (roundUp > 0) code.i64Const(roundUp).u8(OPCODE.i64Add);
  if (stepSize === 1) return;
  const isPowerOfTwo = (stepSize & (stepSize - 1)) === 0;
  if (isPowerOfTwo) code.i64Const(31 - Math.clz32(stepSize)).u8(OPCODE.i64ShrS);
  else code.i64Const(stepSize).u8(OPCODE.i64DivS);
}

/** The loop's own comparison, of the variable as it is behind the chunk. */
export function putComparison({ code }: FuelCode, counted: CountedLoop): void {
  code.localGet(counted.variable);
  putBoundOf(code, counted);
  code.u8(counted.comparison);
}

function putBoundOf(code: FuelCode['code'], { bound }: CountedLoop): void {
  if (bound.kind === 'local') code.localGet(bound.local);
  else code.i32Const(bound.value);
}

const SIGNED: readonly number[] = [OPCODE.i32LtS, OPCODE.i32GtS, OPCODE.i32LeS, OPCODE.i32GeS];
const INCLUSIVE: readonly number[] = [OPCODE.i32LeS, OPCODE.i32LeU, OPCODE.i32GeS, OPCODE.i32GeU];
