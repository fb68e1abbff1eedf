import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, WOULD_BLOCK } from '../../src/abi/glue.ts';
import { bindHostcall } from '../../src/abi/hostcall.ts';
import { ERRNO_NUMBERS } from '../../src/abi/preview1/numbers.ts';
import { openPreopens } from '../../src/abi/preview1/preopens.ts';
import { PREVIEW1 } from '../../src/abi/preview1/preview1.ts';
import { ERRNO, type ErrnoName } from '../../src/base/errno.ts';
import { openStandardStreams } from '../../src/cell/standard-streams.ts';
import type { ByteSink, ByteSource } from '../../src/kernel/byte-channel.ts';
import { ControlGroup } from '../../src/kernel/control-group.ts';
import { FdTable } from '../../src/kernel/fd-table.ts';
import { Process } from '../../src/kernel/process.ts';
import type { ProgramLoader } from '../../src/kernel/program.ts';
import { Scheduler } from '../../src/kernel/scheduler.ts';
import { System } from '../../src/kernel/system.ts';
import type { Thread } from '../../src/kernel/thread.ts';
import { WaitQueue } from '../../src/kernel/wait-queue.ts';
import { enterDirectory } from '../../src/kernel/working-directory.ts';
import { DEFAULT_CPU_SHARES } from '../../src/spec/resources.ts';
import { FileTree } from '../../src/vfs/file-tree.ts';
import { openHostDirectory } from '../../src/vfs/host-dir.ts';
import { createHostPaths } from '../../src/vfs/host-paths.ts';
import { FakeClock } from './fake-clock.ts';
import { NO_PROGRAMS, threadOf } from './green-process.ts';

/** A pipe for tests: what is written can be read, up to a capacity. */
export class FakePipe implements ByteSource, ByteSink {
  readonly readable = new WaitQueue();
  readonly writable = new WaitQueue();
  readonly capacity: number;
  hasEnded = false;
  bytes = Buffer.alloc(0);

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get availableBytes(): number {
    return this.bytes.length;
  }

  get freeBytes(): number {
    return this.capacity - this.bytes.length;
  }

  read(target: Uint8Array): number {
    if (this.bytes.length === 0) {
      if (this.hasEnded) return 0;
      throw ERRNO.EAGAIN;
    }
    const part = this.bytes.subarray(0, target.length);
    target.set(part);
    this.bytes = this.bytes.subarray(part.length);
    this.writable.wakeAll();
    return part.length;
  }

  write(source: Uint8Array): number {
    if (this.freeBytes === 0) throw ERRNO.EAGAIN;
    const part = source.subarray(0, this.freeBytes);
    this.bytes = Buffer.concat([this.bytes, part]);
    this.readable.wakeAll();
    return part.length;
  }

  text(): string {
    return this.bytes.toString();
  }
}

export type Answer = ErrnoName | 'ok' | 'would-block' | 'exit';

/**
 * A process over a temporary host folder, with hostcalls to be made by name, as the glue would make
 * them. Memory is one page; tests lay out their pointers themselves.
 */
export class FakeProcess implements Disposable {
  readonly folder = fs.mkdtempSync(join(tmpdir(), 'wolffia-test-'));
  readonly clock: FakeClock;
  readonly stdin = new FakePipe(64);
  readonly stdout = new FakePipe(64);
  readonly files: FileTree;
  readonly scheduler: Scheduler;
  readonly process: Process;
  readonly thread: Thread;
  readonly memory: WebAssembly.Memory;
  readonly bugs: unknown[] = [];
  turnCount = 0;

  constructor(
    options: {
      workingDirectory?: string;
      args?: string[];
      env?: string[];
      pages?: number;
      clock?: FakeClock;
      loader?: ProgramLoader;
    } = {},
  ) {
    this.memory = new WebAssembly.Memory({ initial: options.pages ?? 1 });
    this.clock = options.clock ?? new FakeClock();
    const host = { fs, platform: process.platform };
    this.files = new FileTree(
      openHostDirectory(createHostPaths(host), {
        source: fs.realpathSync(this.folder),
        device: 1n,
        isReadOnly: false,
      }),
    );
    const fds = new FdTable();
    openStandardStreams(fds, {
      stdin: this.stdin,
      stdout: this.stdout,
      stderr: this.stdout,
    });
    const directory = enterDirectory(this.files, options.workingDirectory ?? '/');
    openPreopens(fds, this.files, directory);
    this.scheduler = new Scheduler(this.clock, {
      atNextTurn: (callback) => {
        this.turnCount += 1;
        setImmediate(callback);
      },
    });
    const system = new System({
      files: this.files,
      group: new ControlGroup({ cpuShares: DEFAULT_CPU_SHARES }, this.clock.monotonicMs()),
      scheduler: this.scheduler,
      clock: this.clock,
      clockGrainNs: 1_000n,
      fillRandom: (target) => void target.fill(7),
      loader: options.loader ?? NO_PROGRAMS,
      hostname: 'fake',
    });
    this.process = new Process({ system, parent: undefined, fds, workingDirectory: directory });
    this.process.run({
      path: '/fake',
      name: 'fake',
      args: options.args ?? [],
      env: options.env ?? [],
      prepare: () => {},
      run: () => new Promise(() => {}),
    });
    this.thread = threadOf(this.process, { memory: this.memory });
    // As the scheduler has it while a hostcall is served: the thread runs.
    this.scheduler.run(this.thread);
  }

  call(name: string, ...args: (number | bigint)[]): Answer {
    const hostcall = PREVIEW1.calls[name];
    if (!hostcall) throw new Error(`no hostcall ${name}`);
    const running = { running: this.thread };
    const bound = bindHostcall(name, hostcall, running, ERRNO_NUMBERS, (_name, thrown) =>
      this.bugs.push(thrown),
    );
    const answer = bound(...args);
    if (this.bugs.length > 0) throw this.bugs[0];
    if (answer === WOULD_BLOCK) return 'would-block';
    if (answer === EXIT) return 'exit';
    if (answer === 0) return 'ok';
    const [errno] = Object.entries(ERRNO_NUMBERS).find(([, number]) => number === answer) ?? [];
    return errno as ErrnoName;
  }

  /** Writes text at a pointer; answers its length in bytes. */
  put(pointer: number, text: string): number {
    const bytes = Buffer.from(text);
    new Uint8Array(this.memory.buffer).set(bytes, pointer);
    return bytes.length;
  }

  putU32(pointer: number, ...values: number[]): void {
    const view = new DataView(this.memory.buffer);
    values.forEach((value, index) => {
      view.setUint32(pointer + index * 4, value, true);
    });
  }

  u32(pointer: number): number {
    return new DataView(this.memory.buffer).getUint32(pointer, true);
  }

  u64(pointer: number): bigint {
    return new DataView(this.memory.buffer).getBigUint64(pointer, true);
  }

  text(pointer: number, length: number): string {
    return Buffer.from(this.memory.buffer, pointer, length).toString();
  }

  [Symbol.dispose](): void {
    this.process.fds.closeAll();
    this.files[Symbol.dispose]();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
