import { RIGHTS, STREAM_RIGHTS } from '../abi/preview1/numbers.ts';
import type { ByteSink, ByteSource } from '../kernel/byte-channel.ts';
import type { FdTable } from '../kernel/fd-table.ts';
import { StreamHandle } from '../kernel/file-description.ts';

export interface StandardStreams {
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  readonly isTerminal: boolean;
}

/** Fds 0, 1 and 2. With a terminal all three are the same stream. */
export function openStandardStreams(fds: FdTable, streams: StandardStreams): void {
  const { stdin, stdout, stderr, isTerminal } = streams;
  if (isTerminal) {
    const description = new StreamHandle({ source: stdin, sink: stdout, isTerminal });
    for (let fd = 0; fd <= 2; fd++) {
      fds.add({ description, rights: STREAM_RIGHTS, inheritingRights: 0n });
    }
    return;
  }
  const readable = STREAM_RIGHTS & ~RIGHTS.fdWrite;
  const writable = STREAM_RIGHTS & ~RIGHTS.fdRead;
  const input = new StreamHandle({ source: stdin, isTerminal });
  fds.add({ description: input, rights: readable, inheritingRights: 0n });
  for (const sink of [stdout, stderr]) {
    const description = new StreamHandle({ sink, isTerminal });
    fds.add({ description, rights: writable, inheritingRights: 0n });
  }
}
