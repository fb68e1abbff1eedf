import { parseMoment } from '../wire/moment.ts';
import { FrameDecoder } from '../wire/stdcopy.ts';
import { MULTIPLEXED_STREAM } from '../wire/stream-types.ts';
import type { Command } from './command.ts';
import { drained } from './terminal.ts';

export const LOGS: Command = {
  name: 'logs',
  usage: '[OPTIONS] CONTAINER',
  summary: 'Fetch the logs of a container',
  flags: [
    { name: 'follow', short: 'f', kind: 'boolean', summary: 'Follow log output' },
    {
      name: 'since',
      kind: 'text',
      summary: 'Show logs since a time (2026-01-02T13:23:37Z) or for a span (42m)',
    },
    {
      name: 'until',
      kind: 'text',
      summary: 'Show logs before a time (2026-01-02T13:23:37Z) or a span ago (42m)',
    },
    {
      name: 'tail',
      short: 'n',
      kind: 'text',
      summary: 'Number of lines to show from the end of the logs (default "all")',
    },
    { name: 'timestamps', short: 't', kind: 'boolean', summary: 'Show timestamps' },
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ terminal, engine, now }, flags, [container = '']) => {
    const response = await engine.stream(
      'GET',
      `/containers/${encodeURIComponent(container)}/logs`,
      {
        query: {
          stdout: true,
          stderr: true,
          follow: flags.isOn('follow'),
          timestamps: flags.isOn('timestamps'),
          tail: flags.text('tail'),
          since: timeOf(flags.text('since'), now),
          until: timeOf(flags.text('until'), now),
        },
      },
    );
    const { stdout, stderr } = terminal;
    const decoder = new FrameDecoder((stream, payload) => {
      (stream === 'stderr' ? stderr : stdout).write(payload);
    });
    const isFramed = response.headers['content-type'] === MULTIPLEXED_STREAM;
    for await (const chunk of response) {
      if (isFramed) decoder.feed(chunk);
      else stdout.write(chunk);
      await drained(stdout);
      await drained(stderr);
    }
    return 0;
  },
};

/** Unix seconds for a time, or for a span before now (Go's `1h30m`). Errors: EngineError. */
function timeOf(text: string | undefined, now: () => number): string | undefined {
  if (text === undefined || text === '') return undefined;
  const moment = parseMoment(text, BigInt(Math.round(now())) * 1_000_000n);
  const nanoseconds = String(moment % 1_000_000_000n).padStart(9, '0');
  return `${moment / 1_000_000_000n}.${nanoseconds}`;
}
