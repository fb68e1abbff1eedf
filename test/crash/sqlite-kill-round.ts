import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { EngineFixture } from '../e2e/engine-fixture.ts';

/** How SQLite keeps what it needs to undo or redo; WAL wants the database for itself here. */
export const JOURNAL_MODES = ['delete', 'truncate', 'persist', 'wal'] as const;

export interface KillRound {
  /** Of the database's folder and the container. */
  readonly name: string;
  readonly journal: (typeof JOURNAL_MODES)[number];
  readonly rowCount: number;
  /** The cell is killed when so many transactions are acknowledged. */
  readonly killAfter: number;
}

export interface KillResult {
  readonly acknowledgedCount: number;
  /** Transactions that are there afterwards. */
  readonly foundCount: number;
  /** What SQLite says of the database; `ok`. */
  readonly integrity: string;
  /** Rows of transactions that are there in part, or beyond a gap. */
  readonly strayRowCount: number;
}

export const ROWS_PER_TRANSACTION = 50;
/** The shell's output goes out in pieces: an answer longer than one pushes those before it out. */
const ANSWER_BYTES = 4096;
const READ_TIMEOUT_MS = 120_000;

/**
 * Inserts rows in transactions into a database in a folder of the machine, kills the cell in the
 * middle, and looks at the database in a new container. A transaction is acknowledged by an answer
 * that the shell prints behind its COMMIT.
 */
export async function killDuringInserts(
  engine: EngineFixture,
  round: KillRound,
): Promise<KillResult> {
  const { name, rowCount, killAfter } = round;
  mkdirSync(engine.path(name), { recursive: true });
  const volume = `${engine.path(name)}:/data`;
  const command = ['run', '-i', '--rm', '--name', name, '-v', volume, 'sqlite', '-bail', 'x.db'];
  const shell = engine.start(command);
  const { stdin, stdout, stderr } = shell;
  if (!stdin || !stdout || !stderr) throw new Error('the command has no streams');
  const ended = once(shell, 'close');
  let acknowledgedCount = 0;
  let isKilled = false;
  let cell: number | undefined;
  createInterface({ input: stdout }).on('line', (line) => {
    const acknowledged = /^ack\|(\d+)\|/.exec(line)?.[1];
    if (acknowledged === undefined) return;
    acknowledgedCount = Number(acknowledged);
    cell ??= Number(engine.ok('inspect', '-f', '{{.State.Pid}}', name));
    if (acknowledgedCount < killAfter || isKilled) return;
    isKilled = true;
    process.kill(cell, 'SIGKILL');
  });
  let complaint = '';
  stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  // The rest of the input has nobody to go to.
  stdin.on('error', () => {});
  stdin.write(openingOf(round));
  for (let number = 1; number <= rowCount / ROWS_PER_TRANSACTION && !isKilled; number++) {
    if (stdin.write(transaction(number)) === false) {
      // A broken pipe says that it was killed.
      await Promise.race([once(stdin, 'drain').catch(() => {}), ended]);
    }
  }
  stdin.end();
  await ended;
  if (!isKilled) throw new Error(`${name} ended before it was killed: ${complaint}`);
  return { acknowledgedCount, ...examine(engine, round, volume) };
}

function openingOf({ journal }: KillRound): string {
  const locking = journal === 'wal' ? 'PRAGMA locking_mode = EXCLUSIVE;\n' : '';
  return `${locking}PRAGMA journal_mode = ${journal};
CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, batch INTEGER, text TEXT);
`;
}

function transaction(number: number): string {
  const first = (number - 1) * ROWS_PER_TRANSACTION + 1;
  const inserts = Array.from(
    { length: ROWS_PER_TRANSACTION },
    (_, index) => `INSERT INTO rows VALUES (${first + index}, ${number}, 'row ${first + index}');`,
  );
  const answer = `SELECT 'ack', ${number}, printf('%.${ANSWER_BYTES}c', '.');`;
  return `BEGIN;\n${inserts.join('\n')}\nCOMMIT;\n${answer}\n`;
}

function examine(
  engine: EngineFixture,
  round: KillRound,
  volume: string,
): Omit<KillResult, 'acknowledgedCount'> {
  const { exitCode, stdout, stderr } = engine.run(
    ['run', '-i', '--rm', '-v', volume, 'sqlite', '-bail', 'x.db'],
    {
      input: `${openingOf(round)}PRAGMA integrity_check;
SELECT 'rows', count(*), coalesce(max(batch), 0) FROM rows;\n`,
      timeoutMs: READ_TIMEOUT_MS,
    },
  );
  if (exitCode !== 0) throw new Error(`cannot read the database: ${stderr}`);
  const lines = stdout.trim().split('\n');
  const [, rowCount = 0, foundCount = 0] = (lines.at(-1) ?? '').split('|').map(Number);
  return {
    foundCount,
    integrity: lines.at(-2) ?? '',
    strayRowCount: Math.abs(rowCount - foundCount * ROWS_PER_TRANSACTION),
  };
}
