import { RIGHTS, STREAM_RIGHTS } from '../abi/preview1/numbers.ts';
import type { ByteSink, ByteSource } from '../kernel/byte-channel.ts';
import type { FdTable } from '../kernel/fd-table.ts';
import { StreamHandle } from '../kernel/file-description.ts';
import type { Terminal } from '../kernel/terminal.ts';

export interface StandardStreams {
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
}

/** Fds 0, 1 and 2, each a stream of its own. */
export function openStandardStreams(fds: FdTable, streams: StandardStreams): void {
  const readable = STREAM_RIGHTS & ~RIGHTS.fdWrite;
  const writable = STREAM_RIGHTS & ~RIGHTS.fdRead;
  const input = new StreamHandle({ source: streams.stdin });
  fds.add({ description: input, rights: readable, inheritingRights: 0n });
  for (const sink of [streams.stdout, streams.stderr]) {
    fds.add({ description: new StreamHandle({ sink }), rights: writable, inheritingRights: 0n });
  }
}

/** Fds 0, 1 and 2, all of them the one terminal. */
export function openTerminal(fds: FdTable, terminal: Terminal): void {
  const description = new StreamHandle({
    source: terminal,
    sink: terminal,
    terminal,
    name: '/dev/tty',
  });
  for (let fd = 0; fd <= 2; fd++) {
    fds.add({ description, rights: STREAM_RIGHTS, inheritingRights: 0n });
  }
}
