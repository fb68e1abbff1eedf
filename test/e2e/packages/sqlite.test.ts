import * as assert from 'uvu/assert';
import { JOURNAL_MODES, killDuringInserts } from '../../crash/sqlite-kill-round.ts';
import { packageSuite } from './package-suite.ts';

packageSuite('sqlite', (test, engine) => {
  const volume = `${engine.path('data')}:/data`;
  engine.write('data/keep', '');
  const sql = (input: string): string => {
    const run = ['run', '-i', '--rm', '-v', volume, 'sqlite', '-bail', 'x.db'];
    const { stdout, stderr } = engine.run(run, { input });
    return stdout + stderr;
  };

  test('its extensions', () => {
    assert.is(
      sql(
        "CREATE VIRTUAL TABLE f USING fts5(t); INSERT INTO f VALUES ('one two'), ('three'); SELECT * FROM f WHERE f MATCH 'tw*';",
      ),
      'one two\n',
    );
    assert.is(
      sql(
        'CREATE VIRTUAL TABLE r USING rtree(id, a, b); INSERT INTO r VALUES (1, 0, 2), (2, 5, 6); SELECT id FROM r WHERE a < 1;',
      ),
      '1\n',
    );
    assert.is(
      sql(
        `SELECT json_extract('{"a": [1, 2]}', '$.a[1]'), sum(value), round(sqrt(2), 3) FROM generate_series(1, 4);`,
      ),
      '2|10|1.414\n',
    );
    assert.match(
      sql('EXPLAIN QUERY PLAN SELECT * FROM r; EXPLAIN SELECT 1;'),
      /SCAN r[\s\S]*ResultRow/,
    );
  });

  test('every kind of journal; WAL for one process alone', () => {
    for (const journal of ['delete', 'truncate', 'persist', 'memory']) {
      assert.is(
        sql(
          `PRAGMA journal_mode = ${journal}; CREATE TABLE ${journal}_ (a); INSERT INTO ${journal}_ VALUES (1); SELECT count(*) FROM ${journal}_;`,
        ),
        `${journal}\n1\n`,
      );
    }
    assert.is(sql('PRAGMA journal_mode = delete; PRAGMA journal_mode = wal;'), 'delete\ndelete\n');
    assert.is(
      sql(
        'PRAGMA locking_mode = exclusive; PRAGMA journal_mode = wal; CREATE TABLE wal_ (a); PRAGMA integrity_check; PRAGMA journal_mode = delete;',
      ),
      'exclusive\nwal\nok\ndelete\n',
    );
  });

  test('a writer keeps the other processes of its container out', () => {
    const script = `
      sqlite3 x.db 'CREATE TABLE t (a)'
      mkfifo go
      { echo "BEGIN IMMEDIATE; INSERT INTO t VALUES (1);"; echo .shell touch held; cat go; } |
        sqlite3 x.db &
      until [ -e held ]; do sleep 0.05; done
      sqlite3 x.db 'INSERT INTO t VALUES (2)'
      sqlite3 x.db 'SELECT count(*) FROM t'
      echo 'COMMIT;' > go
      wait
      sqlite3 x.db 'INSERT INTO t VALUES (3); SELECT count(*) FROM t'`;
    const run = ['run', '--rm', '--entrypoint', 'sh', 'sqlite', '-c', script];
    const { stdout, stderr } = engine.run(run);
    assert.match(stderr, 'database is locked');
    assert.is(stdout, '0\n2\n');
  });

  for (const journal of JOURNAL_MODES) {
    // The long form: test/crash/sqlite-kill.ts.
    test(`a cell that is killed loses no commit (${journal})`, async () => {
      const round = { name: `kill-${journal}`, journal, rowCount: 20_000, killAfter: 40 };
      const { acknowledgedCount, foundCount, integrity, strayRowCount } = await killDuringInserts(
        engine,
        round,
      );
      assert.is(integrity, 'ok');
      assert.is(strayRowCount, 0);
      assert.ok(foundCount >= acknowledgedCount, `${foundCount} of ${acknowledgedCount}`);
    });
  }
});
