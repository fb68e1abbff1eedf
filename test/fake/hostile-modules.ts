import { ByteWriter } from '../../src/base/byte-writer.ts';
import { wat } from './wat.ts';

/**
 * Guests that mean harm. Each is a command (exports `_start` and `memory`) that does what its
 * description says, for ever where nothing else is said. Where it tries to catch its own end it
 * counts that in the exported global `caught`.
 */
export interface HostileModule {
  readonly name: string;
  readonly description: string;
  readonly fate: Fate;
  /** It grows a lot at once, which is charged before it is done. */
  readonly isGreedy?: boolean;
  readonly build: () => Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * What must become of it: admission refuses it, with a reason that says so; it cannot be linked; it
 * is ended by the host when it asks for more fuel; or it ends by a trap of its own.
 */
export type Fate =
  | { readonly kind: 'refused'; readonly reason: RegExp }
  | { readonly kind: 'unlinkable' }
  | { readonly kind: 'killed' }
  | { readonly kind: 'traps' };

const KILLED: Fate = { kind: 'killed' };

const COMMAND = `
  (memory (export "memory") 1 16384)
  (global $caught (export "caught") (mut i32) (i32.const 0))`;
const CATCH = '(global.set $caught (i32.add (global.get $caught) (i32.const 1)))';

function text(name: string, description: string, fate: Fate, fields: string): HostileModule {
  const isGreedy = fields.includes('memory.grow (i32.const');
  return { name, description, fate, isGreedy, build: () => wat(`(module ${fields})`) };
}

export const HOSTILE_MODULES: readonly HostileModule[] = [
  {
    name: 'compile bomb',
    description:
      'A function of 50,000 locals and 20,000 places where control flow comes together. Compilers ' +
      'keep the state of each local for each of them: these 140 KiB take V8 more than 11 GiB. ' +
      'Never to be compiled outside of a limit on memory.',
    fate: { kind: 'refused', reason: /50000 locals times \d+ branches/ },
    build: compileBomb,
  },
  text(
    'table bomb',
    'A table of ten million places costs 300 MB in each instance.',
    { kind: 'refused', reason: /table/ },
    `${COMMAND} (table 10000000 funcref) (func (export "_start"))`,
  ),
  text(
    'many tables',
    'The same by twenty tables of half a million places.',
    { kind: 'refused', reason: /table/ },
    `${COMMAND} ${'(table 500000 externref)'.repeat(20)} (func (export "_start"))`,
  ),
  text(
    'several memories',
    'Each memory reserves 8 GiB of address space.',
    { kind: 'refused', reason: /multi-memory/ },
    `${COMMAND} ${'(memory 1)'.repeat(50)} (func (export "_start"))`,
  ),
  text(
    'call-DAG bomb',
    'Forty functions, each of which calls the next one twice: 2^40 calls without a loop and ' +
      'without recursion. Where entries are charged by the callers, all of it would be one charge.',
    KILLED,
    `${COMMAND} (func (export "_start") (call $f0)) ${callDag(40, 2)}`,
  ),
  text(
    'call-DAG bomb through conditions',
    'The same with each call in an arm of its own, by which no path is long.',
    KILLED,
    `${COMMAND} (func (export "_start") (call $f0)) ${callDag(
      40,
      2,
      (call) => `(if (i32.eqz (global.get $caught)) (then ${call}))`,
    )}`,
  ),
  text(
    'wide call-DAG bomb',
    'Six functions, each of which calls the next one a hundred times.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l (call $f0) (br $l))) ${callDag(6, 100)}`,
  ),
  text(
    'memory.grow storm',
    'Grows a page at a time, and goes on when it is refused.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l (drop (memory.grow (i32.const 1))) (br $l)))`,
  ),
  text(
    'memory.grow of everything',
    'Asks for 4 GiB, again and again.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l (drop (memory.grow (i32.const -1)))
      (drop (memory.grow (i32.const 65535))) (br $l)))`,
  ),
  text(
    'table.grow storm',
    'Grows a table by a million places at a time.',
    KILLED,
    `${COMMAND} (table $t 1 externref) (func (export "_start")
      (loop $l (drop (table.grow $t (ref.null extern) (i32.const 1000000))) (br $l)))`,
  ),
  text(
    'deep recursion',
    'Recursion to the end of the stack, then again: the host ends it, or the stack does.',
    { kind: 'traps' },
    `${COMMAND} (func $f (param i32) (result i32)
        (i32.add (call $f (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
      (func (export "_start") (loop $l (drop (call $f (i32.const 0))) (br $l)))`,
  ),
  text(
    'memory.fill loop',
    'Grows to 64 MiB and fills them in one instruction, for ever.',
    KILLED,
    `${COMMAND} (func (export "_start") (drop (memory.grow (i32.const 1023)))
      (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536)))
        (br $l)))`,
  ),
  text(
    'memory.copy loop',
    'Copies 64 MiB onto themselves, one byte further, for ever.',
    KILLED,
    `${COMMAND} (func (export "_start") (drop (memory.grow (i32.const 1023)))
      (loop $l (memory.copy (i32.const 1) (i32.const 0)
          (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))
        (br $l)))`,
  ),
  text(
    'table.fill loop',
    'Fills half a million places of a table, for ever.',
    KILLED,
    `${COMMAND} (table $t 500000 externref) (func (export "_start")
      (loop $l (table.fill $t (i32.const 0) (ref.null extern) (i32.const 500000)) (br $l)))`,
  ),
  text(
    'catch_all around exit (legacy)',
    'Catches what it takes for the end of the process, and goes on.',
    { kind: 'traps' },
    `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) ${COMMAND}
      (func (export "_start") (loop $l
        (try (do (call $exit (i32.const 0))) (catch_all ${CATCH})) (br $l)))`,
  ),
  text(
    'catch_all around exit',
    'The same with try_table.',
    { kind: 'traps' },
    `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) ${COMMAND}
      (func (export "_start") (loop $l
        (block $c (try_table (catch_all $c) (call $exit (i32.const 0))) (return)) ${CATCH}
        (br $l)))`,
  ),
  text(
    'catch_all around a killed loop (legacy)',
    'Catches what ends its loop, and starts the next one.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l
        (try (do (loop $forever (br $forever))) (catch_all ${CATCH})) (br $l)))`,
  ),
  text(
    'catch_all around a killed loop',
    'The same with try_table.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l
        (block $c (try_table (catch_all $c) (loop $forever (br $forever)))) ${CATCH} (br $l)))`,
  ),
  text(
    'catch_all at the end of the stack (legacy)',
    'Recurses until no call fits any more, and runs its loop there: a hook that is JavaScript no ' +
      'longer fits either, and what its overflow throws could be caught.',
    { kind: 'traps' },
    endOfStack(`(try (do (loop $forever (br $forever))) (catch_all ${CATCH}))`),
  ),
  text(
    'catch_all at the end of the stack',
    'The same with try_table.',
    { kind: 'traps' },
    endOfStack(`(block $c (try_table (catch_all $c) (loop $forever (br $forever)))) ${CATCH}`),
  ),
  text(
    'throw and catch',
    'Throws and catches its own exceptions, without a call.',
    KILLED,
    `${COMMAND} (tag $t) (func (export "_start") (loop $l
        (try (do (throw $t)) (catch $t)) (br $l)))`,
  ),
  text(
    'throw to a loop',
    'A loop whose way back is an exception.',
    KILLED,
    `${COMMAND} (tag $t) (func (export "_start")
      (loop $l (try_table (catch $t $l) (throw $t))))`,
  ),
  text(
    'infinite loop',
    'Nothing but a loop.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l (br $l)))`,
  ),
  text(
    'infinite br_table loop',
    'Goes back by br_table only.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l (br_table $l $l (i32.const 5))))`,
  ),
  text(
    'infinite counted loop',
    'Looks as if it counted to a bound that it never meets.',
    KILLED,
    `${COMMAND} (func (export "_start") (local $i i32) (loop $l
        (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 2)))
          (i32.const 2001)))))`,
  ),
  text(
    'counted loop with a bound that runs away',
    'The bound grows with the counter.',
    KILLED,
    `${COMMAND} (func (export "_start") (local $i i32) (local $bound i32) (loop $l
        (local.set $bound (i32.add (local.get $i) (i32.const 100)))
        (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (local.get $bound)))))`,
  ),
  text(
    'start section',
    'The loop stands in the start section: instantiation must not run it.',
    KILLED,
    `${COMMAND} (func $s (loop $l (br $l))) (start $s) (func (export "_start"))`,
  ),
  text(
    'infinite tail calls',
    'A function that calls itself as its last act.',
    KILLED,
    `${COMMAND} (func $f (return_call $f)) (func (export "_start") (call $f))`,
  ),
  text(
    'infinite tail calls in a circle',
    'Three functions, the last of them small enough to be charged by its caller.',
    KILLED,
    `${COMMAND} (func $a (return_call $b)) (func $b (return_call $c)) (func $c (return_call $a))
      (func (export "_start") (return_call $a))`,
  ),
  text(
    'infinite tail calls through a table',
    'The same by return_call_indirect.',
    KILLED,
    `${COMMAND} (type $t (func)) (table funcref (elem $f $g))
      (func $f (return_call_indirect (type $t) (i32.const 1)))
      (func $g (return_call_indirect (type $t) (i32.const 0)))
      (func (export "_start") (return_call_indirect (type $t) (i32.const 0)))`,
  ),
  {
    name: 'br_on_null loop',
    description: 'A loop whose only branch is br_on_null.',
    fate: KILLED,
    build: async () => brOnNullLoop(),
  },
  text(
    'huge straight-line function',
    'Half a million instructions without a branch: a check at its entry only would come late.',
    KILLED,
    `${COMMAND} (func $f ${'(i32.store (i32.const 8) (i32.add (i32.const 1) (i32.const 2)))'.repeat(
      100_000,
    )}) (func (export "_start") (loop $l (call $f) (br $l)))`,
  ),
  text(
    'huge br_table',
    'A table of 60,000 branches in a loop.',
    KILLED,
    `${COMMAND} (func (export "_start") (local $i i32) (loop $l (block $b
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_table ${'$b $l '.repeat(30_000)} $l (local.get $i))) (br $l)))`,
  ),
  text(
    'nested loops that each run once',
    'A hundred loops in one another, of which only the outermost goes back.',
    KILLED,
    `${COMMAND} (func (export "_start") (loop $l ${'(loop '.repeat(100)} ${')'.repeat(100)}
      (br $l)))`,
  ),
  text(
    'exports under our names',
    'A global, a table and a function that are called as ours are, with and without apostrophes.',
    KILLED,
    `${COMMAND} (global (export "wolffia:fuel") (mut i32) (i32.const 123))
      (global (export "wolffia:fuel'") (mut i32) (i32.const 124))
      (table (export "wolffia:hooks") 3 funcref) (table (export "wolffia:hooks''") 3 funcref)
      (func (export "wolffia:start") (loop $l (br $l))) (func $s) (start $s)
      (func (export "_start") (loop $l (br $l)))`,
  ),
  text(
    'imports under our names',
    'Wants our fuel for itself.',
    { kind: 'unlinkable' },
    `(import "wolffia" "fuel" (global $fuel (mut i32)))
      (import "" "wolffia:hooks" (table $hooks 3 funcref)) ${COMMAND}
      (func (export "_start") (global.set $fuel (i32.const 0x7fffffff)))`,
  ),
  text(
    'imports of our hooks as functions',
    'The same by functions.',
    { kind: 'unlinkable' },
    `(import "wolffia" "yield" (func $yield (result i32))) ${COMMAND}
      (func (export "_start") (drop (call $yield)))`,
  ),
];

function callDag(levels: number, calls: number, around = (call: string): string => call): string {
  const functions = Array.from({ length: levels }, (_, level) => {
    const call = level + 1 < levels ? around(`(call $f${level + 1})`) : '(drop (memory.size))';
    return `(func $f${level} ${call.repeat(level + 1 < levels ? calls : 1)})`;
  });
  return functions.join('\n');
}

/** The last frame that fits runs `loop`; frames are as small as they come. */
function endOfStack(loop: string): string {
  return `${COMMAND}
    (global $depth (mut i32) (i32.const 0))
    (func $down (param i32)
      (if (i32.eqz (local.get 0)) (then (loop $again ${loop} (br $again))))
      (call $down (i32.sub (local.get 0) (i32.const 1))))
    (func (export "descend") (param i32) (call $down (local.get 0)))
    (func (export "_start") (call $down (i32.const 2000000000)))`;
}

async function compileBomb(): Promise<Uint8Array<ArrayBuffer>> {
  const merges = 20_000;
  const body = new ByteWriter().u8(1).unsigned(50_000).u8(0x7f);
  for (let index = 0; index < merges; index++) {
    body.raw([0x02, 0x40, 0x20, 0, 0x0d, 0, 0x0b]);
  }
  return command({ code: body.u8(0x0b) });
}

function brOnNullLoop(): Uint8Array<ArrayBuffer> {
  const loop = [0x03, 0x40, 0x20, 0, 0xd5, 0, 0x1a, 0x0b, 0x0b];
  return command({ code: new ByteWriter().raw([1, 1, 0x63, 0]).raw(loop) });
}

/** Parts of a module that a test may replace, each a section's content. */
export interface CommandParts {
  /** The body of `_start`, with its locals. */
  readonly code?: ByteWriter;
  readonly types?: ByteWriter;
  readonly functions?: ByteWriter;
  readonly tags?: ByteWriter;
  readonly globals?: ByteWriter;
  readonly exports?: ByteWriter;
  readonly start?: ByteWriter;
  readonly elements?: ByteWriter;
  readonly data?: ByteWriter;
}

/**
 * A command by sections: type 0 `[] -> []`; function 0 is `_start`; one table, memory, tag and
 * global, all with index 0.
 */
export function command(parts: CommandParts): Uint8Array<ArrayBuffer> {
  const bytes = (...content: number[]): ByteWriter => new ByteWriter().raw(content);
  const exports = bytes(2).name('memory').raw([2, 0]).name('_start').raw([0, 0]);
  const code = parts.code ?? bytes(0, 0x0b);
  const sections: [number, ByteWriter | undefined][] = [
    [1, parts.types ?? bytes(1, 0x60, 0, 0)],
    [3, parts.functions ?? bytes(1, 0)],
    [4, bytes(1, 0x70, 0, 1)],
    [5, bytes(1, 0, 1)],
    [13, parts.tags ?? bytes(1, 0, 0)],
    [6, parts.globals ?? bytes(1, 0x7f, 1, 0x41, 0, 0x0b)],
    [7, parts.exports ?? exports],
    [8, parts.start],
    [9, parts.elements],
    [10, bytes(1).sized(code)],
    [11, parts.data],
  ];
  const module = bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  for (const [id, content] of sections) if (content) module.u8(id).sized(content);
  return module.finish();
}
