import { rfc3339Nano } from '../base/clock.ts';
import { EngineError } from '../base/engine-error.ts';
import type { ContainerRecord } from '../engine/container-record.ts';
import type { Engine } from '../engine/engine.ts';
import { stampLines } from '../engine/log-lines.ts';
import { streamContentType } from '../wire/stream-types.ts';
import type { Exchange } from './exchange.ts';
import { framed } from './hijacked-stream.ts';

/** `GET /containers/{id}/logs`. */
export async function sendLogs(
  exchange: Exchange,
  engine: Engine,
  record: ContainerRecord,
): Promise<void> {
  const selection = {
    stdout: exchange.flag('stdout'),
    stderr: exchange.flag('stderr'),
    sinceNs: parseTime(exchange.query.get('since')),
    untilNs: parseTime(exchange.query.get('until')),
  };
  if (!selection.stdout && !selection.stderr) {
    throw new EngineError(
      'invalid-argument',
      'Bad parameters: you must choose at least one stream',
    );
  }
  const records = engine.readLog(record.id, selection, {
    tail: parseTail(exchange.query.get('tail')),
    follow: exchange.flag('follow'),
    signal: exchange.gone,
  });
  const isRaw = record.config.hasTerminal;
  exchange.begin(streamContentType(isRaw, exchange.apiVersion));
  const shown = exchange.flag('timestamps') ? stampLines(records, rfc3339Nano) : records;
  for await (const { stream, bytes } of shown) {
    if (exchange.gone.aborted) return;
    for (const part of framed(isRaw, stream, bytes)) await exchange.send(part);
  }
  exchange.end();
}

function parseTail(tail: string | null): number | undefined {
  if (tail === null || tail === '' || tail === 'all') return undefined;
  return /^\d{1,15}$/.test(tail) ? Number(tail) : undefined;
}

/** Unix seconds with a fraction, as Docker's clients send times; 0 is "no bound". */
function parseTime(time: string | null): bigint | undefined {
  if (time === null || time === '' || time === '0') return undefined;
  const found = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(time);
  if (!found) throw new EngineError('invalid-argument', `invalid time: ${time}`);
  const [, seconds = '0', fraction = ''] = found;
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}
