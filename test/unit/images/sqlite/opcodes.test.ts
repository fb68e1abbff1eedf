import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  numberOpcodes,
  opcodesHeader,
  opcodesSource,
  readOpcodes,
} from '../../../../images/sqlite/opcodes.ts';

const test = suite('opcodes of SQLite');

const VDBE = `
case OP_Add:                   /* same as TK_PLUS, in1, in2, out3 */
case OP_Goto: {             /* jump */
case OP_Last: {        /* jump0, ncycle */
case OP_Transaction: {
case OP_Copy: {            /* out2 */
case OP_SeekLT:         /* jump0, in3, group */
case OP_SeekGT: {       /* jump0, in3, group */
case OP_PureFunc:              /* group */
case OP_Function: {            /* group */
`;
const PARSER = '#define TK_SEMI                             1\n#define TK_PLUS    2\n';

function numbersOf(vdbe: string): Record<string, number> {
  const numbered = numberOpcodes(readOpcodes(vdbe), PARSER);
  return Object.fromEntries([...numbered].map(([number, { name }]) => [name, number]));
}

test('each has a number of its own, as the comments want it', () => {
  const numbers = numbersOf(VDBE);
  const { Add, Goto, Last, SeekLT, SeekGT, Transaction, PureFunc, Function: call } = numbers;
  assert.is(Object.keys(numbers).length, 12);
  assert.is(Add, 2);
  assert.is(Transaction, 0);
  assert.is(SeekGT, Number(SeekLT) + 1);
  assert.is(call, Number(PureFunc) + 1);
  const jumps = [Goto, Last, SeekLT, SeekGT].map(Number);
  const others = [PureFunc, call, numbers['Copy'], numbers['Noop']].map(Number);
  assert.ok(Math.max(...jumps) < Math.min(...others));
});

test('the header and the names tell the same', () => {
  const numbered = numberOpcodes(readOpcodes(VDBE), PARSER);
  const header = opcodesHeader(numbered);
  const { Last = 0, Goto = 0, SeekGT = 0 } = numbersOf(VDBE);
  assert.match(header, `#define OP_Last ${Last}\n`);
  const properties = /OPFLG_INITIALIZER \{ (.*) \}/.exec(header)?.[1]?.split(', ') ?? [];
  assert.is(properties[2], String(0x02 | 0x04 | 0x20));
  assert.is(properties[Last], String(0x01 | 0x40 | 0x80));
  assert.match(header, `#define SQLITE_MX_JUMP_OPCODE ${Math.max(Last, Goto, SeekGT)}\n`);
  const names = /\{ ("[^}]*") \}/.exec(opcodesSource(numbered))?.[1]?.split(', ') ?? [];
  assert.is(names[Goto], '"Goto"');
  assert.is(names.length, properties.length);
});

test('a token that the parser does not have is an error', () => {
  assert.throws(() => numbersOf('case OP_Not:   /* same as TK_NOT, in1 */\n'), 'TK_NOT');
});

test.run();
