/**
 * Numbers SQLite's virtual machine's opcodes and describes them, as `opcodes.h` and `opcodes.c`.
 * Its own build does that in Tcl; what the numbers must hold to stands at the cases in `vdbe.c`
 * and in the comments of `vdbeaux.c`:
 *
 * - "same as TK_X": the number of that token of the parser
 * - "group": opcodes that stand beside each other get numbers beside each other
 * - those that resolveP2Values() looks at come first, then all that may jump
 */
export interface Opcode {
  readonly name: string;
  readonly properties: ReadonlySet<string>;
  readonly token: string | undefined;
}

/** resolveP2Values() of vdbeaux.c has a case for each. */
const RESOLVED = [
  ...['Transaction', 'AutoCommit', 'Savepoint', 'Checkpoint', 'Vacuum', 'JournalMode'],
  ...['VUpdate', 'VFilter', 'Init'],
];
/** They have cases with conditions around them, or none. */
const LAST = ['Noop', 'Explain', 'Abortable'];

const PROPERTY_BITS: Readonly<Record<string, readonly [string, number]>> = {
  jump: ['OPFLG_JUMP', 0x01],
  in1: ['OPFLG_IN1', 0x02],
  in2: ['OPFLG_IN2', 0x04],
  in3: ['OPFLG_IN3', 0x08],
  out2: ['OPFLG_OUT2', 0x10],
  out3: ['OPFLG_OUT3', 0x20],
  ncycle: ['OPFLG_NCYCLE', 0x40],
  jump0: ['OPFLG_JUMP0', 0x80],
};
/** The opcode of an instruction is a byte. */
const MAX_OPCODE = 255;

/** Opcodes in the order of their cases: `case OP_Add:   /* same as TK_PLUS, in1, in2, out3 *\/`. */
export function readOpcodes(vdbe: string): Opcode[] {
  const cases = [...vdbe.matchAll(/^case OP_(\w+):(?:.*?\/\*(.*)\*\/)?/gm)].map(
    ([, name = '', comment = '']): Opcode => {
      const words = comment.split(/[\s,]+/);
      const properties = new Set(words.filter((word) => word in PROPERTY_BITS || word === 'group'));
      if (properties.has('jump0')) properties.add('jump');
      return { name, properties, token: /same as (TK_\w+)/.exec(comment)?.[1] };
    },
  );
  const last = LAST.map((name): Opcode => ({ name, properties: new Set(), token: undefined }));
  return [...cases.filter(({ name }) => !LAST.includes(name)), ...last];
}

/** Opcodes by their numbers. Throws an Error when there are too many, or a token is unknown. */
export function numberOpcodes(
  opcodes: readonly Opcode[],
  parserHeader: string,
): Map<number, Opcode> {
  const tokens = new Map(
    [...parserHeader.matchAll(/^#define (TK_\w+)\s+(\d+)/gm)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  );
  const numbered = new Map<number, Opcode>();
  const rest = new Set(opcodes);
  const place = (opcode: Opcode, number: number): void => {
    numbered.set(number, opcode);
    rest.delete(opcode);
  };
  const placeNext = (wanted: readonly Opcode[]): void => {
    let number = 0;
    for (const opcode of wanted) {
      while (numbered.has(number)) number++;
      place(opcode, number);
    }
  };
  for (const opcode of opcodes) {
    if (opcode.token === undefined) continue;
    const number = tokens.get(opcode.token);
    if (number === undefined) throw new Error(`the parser has no token ${opcode.token}`);
    place(opcode, number);
  }
  const placeGroups = (wanted: readonly Opcode[]): void => {
    for (const group of groupsOf(wanted)) {
      let start = 0;
      while (group.some((_, index) => numbered.has(start + index))) start++;
      for (const [index, opcode] of group.entries()) place(opcode, start + index);
    }
  };
  const jumps = (): Opcode[] => [...rest].filter(({ properties }) => properties.has('jump'));
  placeNext([...rest].filter(({ name }) => RESOLVED.includes(name)));
  placeGroups(jumps());
  placeNext(jumps());
  placeGroups([...rest]);
  placeNext([...rest]);
  if (Math.max(...numbered.keys()) > MAX_OPCODE) throw new Error('too many opcodes');
  return numbered;
}

/** Runs of opcodes that stand beside each other and are marked as a group. */
function groupsOf(opcodes: readonly Opcode[]): Opcode[][] {
  const groups: Opcode[][] = [];
  let isInGroup = false;
  for (const opcode of opcodes) {
    const isMember = opcode.properties.has('group');
    if (isMember && isInGroup) groups.at(-1)?.push(opcode);
    else if (isMember) groups.push([opcode]);
    isInGroup = isMember;
  }
  return groups;
}

export function opcodesHeader(numbered: ReadonlyMap<number, Opcode>): string {
  const max = Math.max(...numbered.keys());
  const numbers = Array.from({ length: max + 1 }, (_, number) => number);
  const jumps = numbers.filter((number) => numbered.get(number)?.properties.has('jump'));
  const bitsOf = (number: number): number =>
    Object.entries(PROPERTY_BITS).reduce(
      (sum, [property, [, bit]]) =>
        sum | (numbered.get(number)?.properties.has(property) ? bit : 0),
      0,
    );
  return [
    ...numbers.map((number) => `#define OP_${nameOf(numbered, number)} ${number}`),
    ...Object.values(PROPERTY_BITS).map(([name, bit]) => `#define ${name} ${bit}`),
    `#define OPFLG_INITIALIZER { ${numbers.map(bitsOf).join(', ')} }`,
    `#define SQLITE_MX_JUMP_OPCODE ${Math.max(...jumps)}`,
    '',
  ].join('\n');
}

/** Names for EXPLAIN. */
export function opcodesSource(numbered: ReadonlyMap<number, Opcode>): string {
  const max = Math.max(...numbered.keys());
  const names = Array.from({ length: max + 1 }, (_, number) => `"${nameOf(numbered, number)}"`);
  return [
    'const char *sqlite3OpcodeName(int opcode) {',
    `  static const char *const names[] = { ${names.join(', ')} };`,
    '  return names[opcode];',
    '}',
    '',
  ].join('\n');
}

function nameOf(numbered: ReadonlyMap<number, Opcode>, number: number): string {
  return numbered.get(number)?.name ?? `NotUsed_${number}`;
}
