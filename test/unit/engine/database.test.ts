import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ContainerStore } from '../../../src/engine/container-store.ts';
import { openDatabase } from '../../../src/engine/database.ts';
import { NO_LIMITS } from '../../../src/engine/resource-limits.ts';
import { FIRST_SCHEMA } from '../../fake/first-schema.ts';

test('containers of the first version are read, without limits and usage', () => {
  const dataRoot = mkdtempSync(join(tmpdir(), 'wolffia-unit-'));
  try {
    const first = new DatabaseSync(join(dataRoot, 'wolffia.db'));
    first.exec(FIRST_SCHEMA);
    first
      .prepare('INSERT INTO containers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run('a'.repeat(64), 'old', 1, '{"hostname":"pond"}', 'exited', 2, 3, null, 7, 'gone');
    first.close();

    const database = openDatabase(dataRoot, process.pid);
    const [record] = new ContainerStore(database).readAll();
    assert.is(record?.config.hostname, 'pond');
    assert.equal(record?.config.limits, NO_LIMITS);
    assert.equal(record?.state, {
      status: 'exited',
      startedNs: 2n,
      finishedNs: 3n,
      exitCode: 7,
      error: 'gone',
      isOutOfMemory: false,
      usage: undefined,
    });
    database.close();
    openDatabase(dataRoot, process.pid).close();
  } finally {
    rmSync(dataRoot, { recursive: true, force: true });
  }
});

test.run();
