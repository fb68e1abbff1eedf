import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EngineError } from '../base/engine-error.ts';
import type { Usage } from '../spec/resources.ts';
import { type ContainerId, parseContainerId } from './container-id.ts';
import type { ContainerConfig, ContainerRecord } from './container-record.ts';
import type { ContainerState } from './container-state.ts';
import { NO_LIMITS } from './resource-limits.ts';
import { NO_STORAGE_OPTIONS } from './storage-options.ts';

/**
 * The table of containers. Every method is one statement, prepared once; a change is in the file
 * when it returns.
 */
export class ContainerStore {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #updateState: StatementSync;
  readonly #updateConfig: StatementSync;
  readonly #updateName: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO containers (id, name, created_ns, config, status, exit_code, error)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#updateState = database.prepare(
      `UPDATE containers SET status = ?, started_ns = ?, finished_ns = ?, host_pid = ?, exit_code = ?,
              error = ?, is_out_of_memory = ?, usage = ?
       WHERE id = ?`,
    );
    this.#updateConfig = database.prepare('UPDATE containers SET config = ? WHERE id = ?');
    this.#updateName = database.prepare('UPDATE containers SET name = ? WHERE id = ?');
    this.#delete = database.prepare('DELETE FROM containers WHERE id = ?');
  }

  /** Every record, the oldest first. # Errors: data-loss when a row cannot be read. */
  readAll(): readonly ContainerRecord[] {
    const statement = this.#database.prepare('SELECT * FROM containers ORDER BY created_ns, id');
    statement.setReadBigInts(true);
    return statement.all().map(recordOfRow);
  }

  /** The record must be in state `created`. */
  insert(record: ContainerRecord): void {
    const { id, name, createdNs, config, state } = record;
    this.#insert.run(id, name, createdNs, JSON.stringify(config), state.status, 0, '');
  }

  updateState(id: ContainerId, state: ContainerState): void {
    const startedNs = 'startedNs' in state ? state.startedNs : null;
    const finishedNs = 'finishedNs' in state ? state.finishedNs : null;
    const hostPid = 'hostPid' in state ? state.hostPid : null;
    const exitCode = 'exitCode' in state ? state.exitCode : null;
    const error = 'error' in state ? state.error : null;
    const isOutOfMemory = 'isOutOfMemory' in state ? Number(state.isOutOfMemory) : null;
    const usage = 'usage' in state && state.usage ? JSON.stringify(state.usage) : null;
    this.#updateState.run(
      state.status,
      startedNs,
      finishedNs,
      hostPid,
      exitCode,
      error,
      isOutOfMemory,
      usage,
      id,
    );
  }

  updateConfig(id: ContainerId, config: ContainerConfig): void {
    this.#updateConfig.run(JSON.stringify(config), id);
  }

  updateName(id: ContainerId, name: string): void {
    this.#updateName.run(name, id);
  }

  delete(id: ContainerId): void {
    this.#delete.run(id);
  }
}

type Row = Readonly<Record<string, unknown>>;

function recordOfRow(row: Row): ContainerRecord {
  const id = parseContainerId(textOf(row, 'id'));
  if (id === undefined) throw unreadable(row, 'id');
  return {
    id,
    name: textOf(row, 'name'),
    createdNs: integerOf(row, 'created_ns'),
    config: configOfRow(row),
    state: stateOfRow(row),
  };
}

/**
 * Written by `insert` and `updateConfig` alone, in the shape that user_version stands for; older
 * records lack what came later.
 */
function configOfRow(row: Row): ContainerConfig {
  const config = JSON.parse(textOf(row, 'config')) as Partial<ContainerConfig>;
  const limits = { ...NO_LIMITS, ...config.limits };
  const storage = { ...NO_STORAGE_OPTIONS, ...config.storage };
  return { isInit: false, ...config, storage, limits } as ContainerConfig;
}

function stateOfRow(row: Row): ContainerState {
  const status = textOf(row, 'status');
  switch (status) {
    case 'running':
    case 'paused':
      return {
        status,
        startedNs: integerOf(row, 'started_ns'),
        hostPid: Number(integerOf(row, 'host_pid')),
      };
    case 'exited':
      return {
        status,
        startedNs: integerOf(row, 'started_ns'),
        finishedNs: integerOf(row, 'finished_ns'),
        exitCode: Number(integerOf(row, 'exit_code')),
        error: textOf(row, 'error'),
        isOutOfMemory: row['is_out_of_memory'] === 1n,
        usage: usageOfRow(row),
      };
    case 'created':
    case 'removing':
    case 'dead':
      return {
        status,
        exitCode: Number(integerOf(row, 'exit_code')),
        error: textOf(row, 'error'),
      };
    default:
      throw unreadable(row, 'status');
  }
}

function usageOfRow(row: Row): Usage | undefined {
  const usage = row['usage'];
  return typeof usage === 'string' ? (JSON.parse(usage) as Usage) : undefined;
}

function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw unreadable(row, column);
}

function integerOf(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value === 'bigint') return value;
  throw unreadable(row, column);
}

function unreadable(row: Row, column: string): EngineError {
  return new EngineError(
    'data-loss',
    `container ${String(row['id'])} in wolffia.db has no usable ${column}`,
  );
}
