import * as fs from 'node:fs';
import { Socket } from 'node:net';
import { totalmem } from 'node:os';
import { ABIS } from '../abi/abis.ts';
import { CellServer } from '../cell/cell-server.ts';
import { FrameBatch } from '../link/frame-batch.ts';
import { systemClock } from './system-clock.ts';
import { threadLimit } from './thread-limit.ts';

/** The descriptor of the link to the daemon, inherited at birth. */
const LINK_FD = 3;

/**
 * A cell: the process in which guests run. It is given all that it may use of the machine here, and
 * lives as long as its link.
 */
function main(): void {
  // Guests have umasks of their own; whatever we make has its mode said.
  process.umask(0);
  const link = new Socket({ fd: LINK_FD, readable: true, writable: true });
  const clock = systemClock();
  const batch = new FrameBatch(link, {
    atEnd: (callback) => process.nextTick(callback),
    monotonicMs: clock.monotonicMs,
  });
  const server = new CellServer({
    abis: ABIS,
    host: {
      clock,
      turns: { atNextTurn: (callback) => void setImmediate(callback) },
      files: { fs, platform: process.platform },
      fillRandom: (target) => void crypto().randomFillSync(target),
      memoryBytes: totalmem(),
      threadLimit: threadLimit(process.execArgv, textOf),
      rewriteCacheDirectory: process.argv[2],
      sha256: (bytes) => crypto().createHash('sha256').update(bytes).digest('hex'),
      reportBug,
    },
    send: (frame) => batch.send(frame),
    shutdown: () => process.exit(0),
    seed: process.argv[3],
  });
  link.on('data', (chunk: Uint8Array) => {
    try {
      server.feed(chunk);
    } catch (thrown) {
      reportBug('link', thrown);
      process.exit(1);
    }
  });
  // Without a daemon there is nobody to run for: its end, however it came, is the cell's.
  link.on('close', () => process.exit(0));
  link.on('error', () => process.exit(0));
  process.on('uncaughtException', (error) => {
    reportBug('uncaught', error);
    process.exit(1);
  });
  server.greet(process.pid);
}

/** Loaded when it is first needed: that takes Node a tenth of a cell's start, and most never do. */
function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}

/** Empty where there is no such file: on other systems than Linux. */
function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function reportBug(where: string, thrown: unknown): void {
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  process.stderr.write(`cell ${process.pid}: bug in ${where}: ${stack ?? String(thrown)}\n`);
}

main();
