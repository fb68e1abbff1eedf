import { chmodSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { archiveDirectory } from '../../src/archive/directory-archive.ts';
import { wat } from '../fake/wat.ts';
import { type CommandResult, EngineFixture } from './engine-fixture.ts';

// Threads of wasi-threads, over one memory, in containers.
const test = suite('threads');
const engine = new EngineFixture();

const IMPORTS = `
  (import "env" "memory" (memory 1 10 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))`;

/** Threads count under a lock: at 0 the lock (1: taken), at 4 the count, at 8 how many are done. */
const COUNTING = `(module ${IMPORTS}
  (func $lock
    (loop $again
      (if (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))
        (then
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
          (br $again)))))
  (func $unlock
    (i32.atomic.store (i32.const 0) (i32.const 0))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "wasi_thread_start") (param $tid i32) (param $turns i32)
    (local $before i32) (local $spin i32)
    (loop $again
      (call $lock)
      (local.set $before (i32.load (i32.const 4)))
      ;; Long enough for slices to end within.
      (local.set $spin (i32.const 20000))
      (loop $work
        (br_if $work (local.tee $spin (i32.sub (local.get $spin) (i32.const 1)))))
      (i32.store (i32.const 4) (i32.add (local.get $before) (i32.const 1)))
      (call $unlock)
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 8) (i32.const 1))))
  (func (export "_start") (local $count i32) (local $done i32)
    (local.set $count (i32.const 4))
    (loop $next
      (if (i32.le_s (call $spawn (i32.const 50)) (i32.const 0)) (then (call $exit (i32.const 1))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (loop $join
      (local.set $done (i32.atomic.load (i32.const 8)))
      (if (i32.ne (local.get $done) (i32.const 4))
        (then
          (drop (memory.atomic.wait32 (i32.const 8) (local.get $done) (i64.const -1)))
          (br $join))))
    (call $exit (i32.load (i32.const 4)))))`;

/** Its threads wait; it exits with how many there could be. */
const MANY = `(module ${IMPORTS}
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  (func (export "_start") (local $count i32)
    (loop $next
      (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))
        (then (local.set $count (i32.add (local.get $count) (i32.const 1))) (br $next))))
    (call $exit (local.get $count))))`;

/** As many threads as it gets; then it ends well. */
const BOMB = `(module ${IMPORTS}
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  (func (export "_start")
    (loop $next (br_if $next (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))))))`;

/** A thread grows the memory and writes there; the main thread reads it. */
const GROWING = `(module ${IMPORTS}
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (memory.grow (i32.const 3)))
    (i32.store (i32.const 200000) (i32.const 77))
    (i32.atomic.store (i32.const 0) (i32.const 1))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (call $exit (i32.load (i32.const 200000)))))`;

/** A thread traps while the main thread waits for good. */
const TRAPPING = `(module ${IMPORTS}
  (func (export "wasi_thread_start") (param i32 i32) (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))`;

/** All threads wait for good. */
const BLOCKED = `(module ${IMPORTS}
  (func $wait (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  (func (export "wasi_thread_start") (param i32 i32) (call $wait))
  (func (export "_start") (drop (call $spawn (i32.const 0))) (call $wait)))`;

/** A thread takes another program in the place of all, while the main thread waits for good. */
const REPLACING = `(module
  (import "env" "memory" (memory 1 10 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wolffia_32v1" "proc_exec"
    (func $exec (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (export "memory" (memory 0))
  (data (i32.const 100) "/COUNTING\\00")
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (call $exec (i32.const 100) (i32.const 9) (i32.const 0)
      (i32.const 100) (i32.const 10) (i32.const 0) (i32.const 0)))
    (unreachable))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))`;

/** Asks for a thread although it has a memory of its own. */
const ALONE = `(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 1 shared)
  (func (export "wasi_thread_start") (param i32 i32))
  (func (export "_start")
    (call $exit (i32.sub (i32.const 0) (call $spawn (i32.const 0))))))`;

const PROGRAMS = { COUNTING, MANY, BOMB, GROWING, TRAPPING, BLOCKED, REPLACING, ALONE };

test.before(async () => {
  for (const [name, text] of Object.entries(PROGRAMS)) {
    chmodSync(engine.write(`image/${name}`, await wat(text)), 0o755);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of archiveDirectory(engine.path('image'))) chunks.push(chunk);
  engine.run(['import', '-', 'threads'], { input: Buffer.concat(chunks) });
});
test.after(() => engine[Symbol.asyncDispose]());

function run(program: keyof typeof PROGRAMS, ...options: readonly string[]): CommandResult {
  return engine.run(['run', '--rm', ...options, 'threads', `/${program}`]);
}

test('threads that take turns by a lock lose nothing', () => {
  assert.is(run('COUNTING').exitCode, 200);
});

test('there are no more threads than the container may have', () => {
  assert.is(run('MANY', '--pids-limit', '20').exitCode, 19);
});

test('without a limit there are no more than the cell can bear', () => {
  assert.equal(run('BOMB'), { exitCode: 0, stdout: '', stderr: '' });
});

test('memory that one thread has grown is there for all', () => {
  assert.is(run('GROWING').exitCode, 77);
});

test('a trap in one thread ends the process', () => {
  const { exitCode, stderr } = run('TRAPPING');
  assert.is(exitCode, 136);
  assert.match(stderr, /trap: divide by zero/);
});

test('a thread may take another program for its process', () => {
  assert.is(run('REPLACING').exitCode, 200);
});

test('threads that wait for good do not outlive a kill', () => {
  engine.ok('run', '-d', '--name', 'waiting', 'threads', '/BLOCKED');
  engine.ok('kill', 'waiting');
  assert.is(engine.ok('wait', 'waiting'), '137');
});

test('a module that shares no memory gets no thread', () => {
  assert.is(run('ALONE').exitCode, 52, 'ENOSYS');
});

test.run();
