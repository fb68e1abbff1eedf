import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { STREAM_RIGHTS } from '../../src/abi/preview1/numbers.ts';
import { exited } from '../../src/kernel/exit-status.ts';
import { StreamHandle } from '../../src/kernel/file-description.ts';
import { ProcView } from '../../src/kernel/proc-view.ts';
import { processGroupsOf } from '../../src/kernel/process-groups.ts';
import type { ProgramLoader } from '../../src/kernel/program.ts';
import { Terminal } from '../../src/kernel/terminal.ts';
import { createDevices } from '../../src/vfs/device.ts';
import { createProc } from '../../src/vfs/proc.ts';
import { FakeClock } from '../fake/fake-clock.ts';
import { FakeProcess } from '../fake/fake-process.ts';

/** Few, so that they are used up now and then, and that the host has more. */
const MAX_FDS = 48;
const MAX_PROCESSES = 20;

/** A file of the host outside of the container: nothing may read, change or remove it. */
export class Canary implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'wolffia-canary-'));
  readonly path = join(this.directory, 'canary');
  readonly text = `canary of ${this.directory}`;

  constructor() {
    writeFileSync(this.path, this.text);
  }

  isUnharmed(): boolean {
    return readFileSync(this.path, 'utf8') === this.text;
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Slices end as they do; timers and what guests see of the time stand still. */
class SliceClock extends FakeClock {
  override monotonicMs(): number {
    return performance.now();
  }
}

/** Every file is a program that ends at once. */
const BRIEF_PROGRAMS: ProgramLoader = {
  load: (process, { path, args, env }) => {
    process.system.files.resolve({ start: process.workingDirectory, path }, true);
    return {
      path,
      name: path,
      args,
      env,
      prepare: () => {},
      run: async (started) => started.end({ status: exited(0) }),
    };
  },
};

/**
 * A process with files, links that lead out of its root, devices, /proc, and (`hasTerminal`) a
 * terminal as its fds 0 to 2.
 */
export function fuzzedProcess(canary: Canary, pages: number, hasTerminal: boolean): FakeProcess {
  const guest = new FakeProcess({
    args: ['fuzz', 'ä'],
    env: ['A=1', 'EMPTY='],
    clock: new SliceClock(),
    loader: BRIEF_PROGRAMS,
    pages,
  });
  layOutFiles(guest, canary);
  mountAll(guest);
  guest.process.fds.limit = MAX_FDS;
  guest.process.system.processes.limit = MAX_PROCESSES;
  if (hasTerminal) giveTerminal(guest);
  return guest;
}

function layOutFiles(guest: FakeProcess, canary: Canary): void {
  const at = (name: string): string => join(guest.folder, name);
  mkdirSync(at('d/e'), { recursive: true });
  mkdirSync(at('dev'));
  mkdirSync(at('proc'));
  writeFileSync(at('a'), 'the first file\n');
  writeFileSync(at('d/b'), Buffer.alloc(10_000, 7));
  symlinkSync(canary.path, at('absolute'));
  symlinkSync(`../${basename(canary.directory)}/canary`, at('relative'));
  symlinkSync(`../../../../../../../${canary.path}`, at('d/up'));
  symlinkSync('loop', at('loop'));
  symlinkSync('d', at('dd'));
}

function mountAll({ files, process }: FakeProcess): void {
  const devices = createDevices({
    device: 2n,
    fillRandom: (target) => void target.fill(9),
    now: () => 0n,
    charge: { tryCharge: () => true, release: () => {} },
    hasTerminal: false,
  });
  files.mount('/dev', devices, { isVirtual: true });
  const proc = createProc({
    source: new ProcView(process.system, 1 << 30),
    mounts: () => files.mounts,
    device: 4n,
    now: () => 0n,
  });
  files.mount('/proc', proc, { isVirtual: true });
}

function giveTerminal({ process, stdin, stdout, clock }: FakeProcess): void {
  const terminal = new Terminal({
    input: stdin,
    output: stdout,
    groups: processGroupsOf(process.system),
    clock,
    window: { columns: 80, rows: 24, width: 0, height: 0 },
  });
  const description = new StreamHandle({
    source: terminal,
    sink: terminal,
    terminal,
    name: '/dev/tty',
  });
  for (let fd = 0; fd <= 2; fd++) {
    process.fds.set(fd, { description, rights: STREAM_RIGHTS, inheritingRights: 0n });
  }
  const { pid, processGroup: group, session } = process;
  const user = { pid, group, session: session.id, isDeaf: () => false, isGroupOrphaned: false };
  terminal.session.control(user, false);
  session.terminal = terminal;
}
