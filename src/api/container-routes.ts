import { join } from 'node:path';
import { EngineError } from '../base/engine-error.ts';
import type { ContainerRecord } from '../engine/container-record.ts';
import { exitCodeOf, isLive } from '../engine/container-state.ts';
import type { Engine } from '../engine/engine.ts';
import { treeSize } from '../engine/tree-size.ts';
import {
  CONTAINER_LIST_FILTERS,
  CONTAINER_PRUNE_FILTERS,
  CONTAINER_STATUSES,
  type ContainersPruneResponse,
  type ContainerWaitResponse,
  WAIT_CONDITIONS,
} from '../wire/container.ts';
import type { ContainerCreateResponse, ContainerUpdateResponse } from '../wire/container-create.ts';
import { parseFilters } from '../wire/filters.ts';
import { parsePlatformParameter } from '../wire/platform.ts';
import { attach } from './attach.ts';
import { matchesFilters } from './container-filters.ts';
import { readCreateRequest, readUpdateRequest } from './container-request.ts';
import { containerInspect, containerSummary } from './container-views.ts';
import type { Exchange } from './exchange.ts';
import { checkPlatform } from './image-platform.ts';
import { sendLogs } from './logs.ts';
import { type Route, route } from './route.ts';
import { sendStats } from './stats.ts';
import { type Machine, topResponse } from './usage-views.ts';

export function containerRoutes(engine: Engine, machine: Machine): readonly Route[] {
  const find = (exchange: Exchange): ContainerRecord =>
    engine.containers.find(exchange.parameter(0));
  return [
    route('GET', '/containers/json', (exchange) => listContainers(exchange, engine)),

    route('POST', '/containers/create', async (exchange) => {
      const request = readCreateRequest(await exchange.jsonBody(), exchange.query.get('name'));
      const platform = parsePlatformParameter(exchange.query.get('platform'));
      if (platform) checkPlatform(engine.images.get(request.image), request.image, platform);
      const { record, warnings } = engine.containers.create(request);
      const answer: ContainerCreateResponse = { Id: record.id, Warnings: warnings };
      exchange.json(201, answer);
    }),

    route('POST', '/containers/prune', (exchange) => pruneContainers(exchange, engine)),

    route('GET', '/containers/{id}/json', async (exchange) => {
      const { id } = find(exchange);
      const usage = await engine.lifecycle.usageOf(id);
      const { path } = engine.lifecycle.logOf(id);
      const execIds = engine.execs.idsOf(id);
      exchange.json(200, containerInspect(engine.containers.get(id), path, usage, execIds));
    }),

    route('POST', '/containers/{id}/start', async (exchange) => {
      await engine.lifecycle.start(find(exchange).id);
      exchange.empty(204);
    }),

    route('POST', '/containers/{id}/stop', async (exchange) => {
      await engine.lifecycle.stop(find(exchange).id, stopOptions(exchange));
      exchange.empty(204);
    }),

    route('POST', '/containers/{id}/restart', async (exchange) => {
      const { id, state } = find(exchange);
      if (isLive(state)) await engine.lifecycle.stop(id, stopOptions(exchange));
      await engine.lifecycle.start(id);
      exchange.empty(204);
    }),

    route('POST', '/containers/{id}/kill', async (exchange) => {
      await engine.lifecycle.kill(find(exchange).id, exchange.query.get('signal') || 'SIGKILL');
      exchange.empty(204);
    }),

    ...limitRoutes(engine, machine, find),

    route('POST', '/containers/{id}/rename', (exchange) => {
      engine.containers.rename(find(exchange).id, exchange.query.get('name') ?? '');
      exchange.empty(204);
    }),

    route('POST', '/containers/{id}/resize', (exchange) => {
      const { id, state } = find(exchange);
      if (!isLive(state)) {
        throw new EngineError('conflict', `container ${id} is not running`);
      }
      const columns = exchange.whole('w') ?? 0;
      const rows = exchange.whole('h') ?? 0;
      void engine.lifecycle.nextTask(id).then((task) => task?.resize({ columns, rows }));
      exchange.empty(200);
    }),

    route('POST', '/containers/{id}/wait', (exchange) => waitForContainer(exchange, engine)),
    route('POST', '/containers/{id}/attach', (exchange) =>
      attach(exchange, engine, find(exchange)),
    ),
    route('GET', '/containers/{id}/logs', (exchange) => sendLogs(exchange, engine, find(exchange))),

    route('GET', '/containers/{id}/export', (exchange) =>
      exportFiles(exchange, engine, find(exchange)),
    ),

    route('DELETE', '/containers/{id}', async (exchange) => {
      await engine.lifecycle.remove(find(exchange).id, exchange.flag('force'));
      exchange.empty(204);
    }),
  ];
}

/** What pauses, limits and measures. */
function limitRoutes(
  engine: Engine,
  machine: Machine,
  find: (exchange: Exchange) => ContainerRecord,
): readonly Route[] {
  return [
    route('POST', '/containers/{id}/pause', async (exchange) => {
      await engine.lifecycle.pause(find(exchange).id);
      exchange.empty(204);
    }),

    route('POST', '/containers/{id}/unpause', async (exchange) => {
      await engine.lifecycle.unpause(find(exchange).id);
      exchange.empty(204);
    }),

    route('POST', '/containers/{id}/update', async (exchange) => {
      const request = readUpdateRequest(await exchange.jsonBody());
      const warnings = await engine.lifecycle.update(find(exchange).id, request);
      exchange.json(200, { Warnings: warnings } satisfies ContainerUpdateResponse);
    }),

    route('GET', '/containers/{id}/stats', (exchange) => sendStats(exchange, engine, machine)),

    route('GET', '/containers/{id}/top', async (exchange) => {
      const { id } = find(exchange);
      const usage = await engine.lifecycle.usageOf(id);
      if (!usage || !isLive(engine.containers.get(id).state)) {
        throw new EngineError('conflict', `container ${id} is not running`);
      }
      exchange.json(200, topResponse(usage));
    }),
  ];
}

function stopOptions(exchange: Exchange): { signal?: string; timeoutSeconds?: number } {
  const timeoutSeconds = exchange.whole('t');
  const signal = exchange.query.get('signal');
  return {
    ...(signal ? { signal } : {}),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}

function listContainers(exchange: Exchange, engine: Engine): void {
  const filters = parseFilters(exchange.query.get('filters'), CONTAINER_LIST_FILTERS);
  checkStatuses(filters.get('status') ?? []);
  const limit = exchange.whole('limit');
  // Asking for a status or a number of containers asks for those that are over, too (as Docker).
  const isAll =
    exchange.flag('all') || limit !== undefined || filters.has('status') || filters.has('exited');
  const nowNs = engine.clock.realtimeNs();
  const found = engine.containers
    .all()
    .filter((record) => isAll || isLive(record.state))
    .filter((record) => matchesFilters(record, filters, nowNs))
    .toSorted((one, other) => (one.createdNs < other.createdNs ? 1 : -1));
  const shown = limit !== undefined && limit > 0 ? found.slice(0, limit) : found;
  exchange.json(
    200,
    shown.map((record) => containerSummary(record, nowNs)),
  );
}

function checkStatuses(statuses: readonly string[]): void {
  const bad = statuses.find((status) => !CONTAINER_STATUSES.some((known) => known === status));
  if (bad === undefined) return;
  throw new EngineError(
    'invalid-argument',
    `invalid filter 'status=${bad}': invalid value for state (${bad}): must be one of ${CONTAINER_STATUSES.join(', ')}`,
  );
}

async function pruneContainers(exchange: Exchange, engine: Engine): Promise<void> {
  const filters = parseFilters(exchange.query.get('filters'), CONTAINER_PRUNE_FILTERS);
  const over = engine.containers
    .all()
    .filter(({ state }) => state.status === 'created' || state.status === 'exited')
    .filter((record) => matchesFilters(record, filters, engine.clock.realtimeNs()));
  let reclaimed = 0;
  for (const { id } of over) {
    const written = await treeSize(join(engine.containers.folderOf(id), 'upper'));
    await engine.lifecycle.remove(id, false);
    reclaimed += written ?? 0;
  }
  exchange.json(200, {
    ContainersDeleted: over.map(({ id }) => id),
    SpaceReclaimed: reclaimed,
  } satisfies ContainersPruneResponse);
}

async function exportFiles(
  exchange: Exchange,
  engine: Engine,
  { id }: ContainerRecord,
): Promise<void> {
  for await (const part of engine.exportFiles(id)) {
    // Only now: what cannot be read at all is answered with its status.
    if (!exchange.hasBegun) exchange.begin('application/x-tar');
    await exchange.send(part);
    if (exchange.gone.aborted) return;
  }
  exchange.end();
}

/** The head goes out at once: clients wait for it before they start the container. */
async function waitForContainer(exchange: Exchange, engine: Engine): Promise<void> {
  const { id, state } = engine.containers.find(exchange.parameter(0));
  const condition = exchange.query.get('condition') || 'not-running';
  const isKnown = WAIT_CONDITIONS.some((known) => known === condition);
  if (!isKnown) throw new EngineError('invalid-argument', `invalid condition: "${condition}"`);
  if (condition === 'not-running' && !isLive(state)) {
    exchange.json(200, { StatusCode: exitCodeOf(state) } satisfies ContainerWaitResponse);
    return;
  }
  const exited = engine.lifecycle.waitForExit(id);
  const removed = condition === 'removed' ? engine.lifecycle.waitForRemoval(id) : undefined;
  exchange.begin('application/json');
  const { exitCode, error } = await exited;
  await removed;
  const answer: ContainerWaitResponse = {
    StatusCode: exitCode,
    ...(error === '' ? {} : { Error: { Message: error } }),
  };
  await exchange.send(`${JSON.stringify(answer)}\n`);
  exchange.end();
}
