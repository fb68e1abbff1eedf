import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { EngineError, type ErrorKind, messageOf } from '../base/engine-error.ts';
import type { Log } from '../base/log.ts';
import { parseSignal, SIGNALS } from '../base/signals.ts';
import type { Runtime, Task, TaskExit } from '../runtime/contract.ts';
import type { LayerSource } from '../spec/mount.ts';
import type { Usage } from '../spec/resources.ts';
import { commandLine, taskEnv } from './container-config.ts';
import type { ContainerId } from './container-id.ts';
import { ContainerLog } from './container-log.ts';
import {
  type ContainerState,
  errorOf,
  exitCodeOf,
  isLive,
  type LiveState,
} from './container-state.ts';
import type { Containers } from './containers.ts';
import { exitCodeOfFailedStart } from './failed-start.ts';
import { liveUsage } from './live-usage.ts';
import { recoverLog } from './log-recovery.ts';
import { prepareMounts } from './mounts.ts';
import { OutputHub } from './output-hub.ts';
import {
  type HostCpus,
  isolationOf,
  type LimitsRequest,
  resourcesOf,
  updateLimits,
} from './resource-limits.ts';
import { rootfsOf, tmpfsMountsOf } from './storage-options.ts';

/** What of a container is alive, as opposed to its record. */
interface LiveContainer {
  readonly hub: OutputHub;
  readonly log: ContainerLog;
  task: Task | undefined;
  /** Starts, stops and removals of one container happen one after another. */
  turn: Promise<unknown>;
  readonly exitWaiters: Set<(exit: { exitCode: number; error: string }) => void>;
  readonly removalWaiters: Set<() => void>;
  readonly taskWaiters: Set<(task: Task | undefined) => void>;
}

export interface LifecycleOptions {
  readonly containers: Containers;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  readonly hostCpus: () => HostCpus;
  /** The layers of an image, topmost first. Throws not-found when the image is gone. */
  readonly layersOf: (imageId: string) => readonly LayerSource[];
}

const DEFAULT_STOP_TIMEOUT_SECONDS = 10;
/**
 * After SIGKILL the runtime ends a container by force; this is for a runtime that does not keep its
 * promise.
 */
const KILL_DEADLINE_MS = 15_000;

/** Moves containers through their states: the only one that starts, ends and removes them. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #live = new Map<ContainerId, LiveContainer>();

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /**
   * Makes the records true after a daemon that did not end cleanly: nothing runs, and what was half
   * removed goes.
   */
  async reconcile(): Promise<void> {
    const { containers, clock, log } = this.#options;
    for (const { id, config, state } of containers.all()) {
      if (state.status === 'removing' || state.status === 'dead') await this.#erase(id);
      if (!isLive(state)) continue;
      const { path } = this.#liveOf(id).log;
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      const cut = size === 0 ? 0 : recoverLog(path, size);
      if (cut > 0) log.warn('cut an unfinished entry off a log', { id, bytes: cut });
      this.#setState(id, {
        status: 'exited',
        startedNs: state.startedNs,
        finishedNs: clock.realtimeNs(),
        exitCode: 128 + SIGNALS.SIGKILL,
        error: 'the engine ended while the container ran',
        isOutOfMemory: false,
        usage: undefined,
      });
      if (config.isAutoRemoved) await this.#erase(id);
    }
  }

  /** The bus of a container's output; it lives as long as the container. */
  outputOf(id: ContainerId): OutputHub {
    return this.#liveOf(id).hub;
  }

  /** Open while the container runs. */
  logOf(id: ContainerId): ContainerLog {
    return this.#liveOf(id).log;
  }

  /**
   * The running task, or the next one when none runs yet; undefined when the container is removed
   * before.
   */
  nextTask(id: ContainerId): Promise<Task | undefined> {
    const live = this.#liveOf(id);
    if (live.task) return Promise.resolve(live.task);
    return new Promise((resolve) => live.taskWaiters.add(resolve));
  }

  /** What runs of it now. */
  taskOf(id: ContainerId): Task | undefined {
    return this.#live.get(id)?.task;
  }

  /**
   * # Errors
   * - not-modified: it runs already
   * - conflict: it is paused
   * - those of the runtime; the container's state tells them too
   */
  start(id: ContainerId): Promise<void> {
    return this.#inTurn(id, () => this.#start(id));
  }

  /**
   * Sends the stop signal, and SIGKILL when the container has not ended after the timeout. A paused
   * one is resumed for it. Errors: not-modified.
   */
  async stop(
    id: ContainerId,
    options: { signal?: string; timeoutSeconds?: number },
  ): Promise<void> {
    const { config, state } = this.#options.containers.get(id);
    if (!isLive(state)) {
      throw new EngineError('not-modified', `container ${id} is not running`);
    }
    const signal = signalNumber(options.signal || config.stopSignal);
    const seconds =
      options.timeoutSeconds ?? config.stopTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS;
    const ended = this.waitForExit(id);
    // Not waited for: whatever stands in the way of the signal, SIGKILL comes in time.
    const delivered = this.#inTurn(id, () => this.#deliver(id, signal)).catch((thrown) =>
      this.#options.log.warn('cannot deliver a signal', { id, reason: messageOf(thrown) }),
    );
    // A negative timeout waits for as long as it takes.
    if (seconds >= 0 && !(await this.#isWithin(ended, seconds * 1000))) {
      this.#signal(id, SIGNALS.SIGKILL);
      if (!(await this.#isWithin(ended, KILL_DEADLINE_MS))) {
        throw new EngineError('internal', `cannot stop container ${id}: it does not end`);
      }
    }
    await Promise.all([ended, delivered]);
  }

  /**
   * Sends a signal; after SIGKILL it also waits for the end. Errors: conflict when it does not run;
   * invalid-argument for an unknown signal.
   */
  async kill(id: ContainerId, signal: string): Promise<void> {
    const number = signalNumber(signal);
    if (!isLive(this.#options.containers.get(id).state)) {
      throw new EngineError(
        'conflict',
        `cannot kill container: ${id}: container ${id} is not running`,
      );
    }
    if (number !== SIGNALS.SIGKILL) {
      await this.#inTurn(id, () => this.#deliver(id, number));
      return;
    }
    // It waits for nobody's turn, and needs no waking.
    const ended = this.waitForExit(id);
    this.#signal(id, number);
    if (await this.#isWithin(ended, KILL_DEADLINE_MS)) return;
    throw new EngineError('internal', 'tried to kill container, but did not receive an exit event');
  }

  /** # Errors: conflict when it does not run, or is paused already. */
  pause(id: ContainerId): Promise<void> {
    return this.#inTurn(id, async () => {
      const state = this.#liveState(id);
      if (state.status === 'paused') {
        throw new EngineError('conflict', `container ${id} is already paused`);
      }
      await this.#live.get(id)?.task?.pause();
      // When it has ended meanwhile, the turn that notes it comes after this one.
      this.#setState(id, { ...state, status: 'paused' });
    });
  }

  /** # Errors: internal (as Docker has it) when it is not paused. */
  unpause(id: ContainerId): Promise<void> {
    return this.#inTurn(id, async () => {
      if (this.#options.containers.get(id).state.status !== 'paused') {
        throw new EngineError('internal', `Container ${id} is not paused`);
      }
      await this.#resume(id);
    });
  }

  /**
   * Changes limits: of what runs at once, of what does not with its next start. Answers warnings.
   *
   * # Errors
   * those of `updateLimits`; conflict when it is being removed; internal when the runtime refuses
   */
  update(id: ContainerId, request: LimitsRequest): Promise<readonly string[]> {
    const { containers, hostCpus } = this.#options;
    return this.#inTurn(id, async () => {
      const { config, state } = containers.get(id);
      if (state.status === 'removing' || state.status === 'dead') {
        const reason = 'container is marked for removal and cannot be "update"';
        throw new EngineError('conflict', `Cannot update container ${id}: ${reason}`);
      }
      const { limits, warnings } = updateLimits(id, config.limits, request, hostCpus());
      containers.setConfig(id, { ...config, limits });
      try {
        await this.#live.get(id)?.task?.update(resourcesOf(limits));
      } catch (thrown) {
        // The task has just ended: nothing is left to be changed before the next start.
        if (isKind(thrown, 'unavailable')) return warnings;
        containers.setConfig(id, config);
        const reason = `Cannot update container ${id}: ${messageOf(thrown)}`;
        throw new EngineError('internal', reason, { cause: thrown });
      }
      return warnings;
    });
  }

  /**
   * What its processes have used since it was started, or in its last run; undefined when that is
   * not known.
   */
  async usageOf(id: ContainerId): Promise<Usage | undefined> {
    const { containers, clock } = this.#options;
    const task = this.#live.get(id)?.task;
    const usage = task && (await liveUsage(task, clock));
    if (usage || !containers.has(id)) return usage;
    const { state } = containers.get(id);
    return state.status === 'exited' ? state.usage : undefined;
  }

  /** Resolves with the next exit. */
  waitForExit(id: ContainerId): Promise<{ exitCode: number; error: string }> {
    return new Promise((resolve) => this.#liveOf(id).exitWaiters.add(resolve));
  }

  /** Resolves when the container is removed. */
  waitForRemoval(id: ContainerId): Promise<void> {
    return new Promise((resolve) => this.#liveOf(id).removalWaiters.add(resolve));
  }

  /** # Errors: conflict when it runs and `force` is not given. */
  async remove(id: ContainerId, force: boolean): Promise<void> {
    const { name, state } = this.#options.containers.get(id);
    if (isLive(state)) {
      if (!force) {
        const reason =
          state.status === 'paused'
            ? 'container is paused and must be unpaused first'
            : 'container is running: stop the container before removing or force remove';
        throw new EngineError('conflict', `cannot remove container "/${name}": ${reason}`);
      }
      const ended = this.waitForExit(id);
      this.#signal(id, SIGNALS.SIGKILL);
      await this.#isWithin(ended, KILL_DEADLINE_MS);
    }
    await this.#inTurn(id, () => this.#erase(id));
  }

  /** Ends all that runs: SIGTERM for a while, then SIGKILL. */
  async stopAll(timeoutSeconds: number): Promise<void> {
    const running = this.#options.containers.all().filter(({ state }) => isLive(state));
    await Promise.allSettled(running.map(({ id }) => this.stop(id, { timeoutSeconds })));
    await Promise.allSettled([...this.#live.values()].map((live) => live.turn));
  }

  async #start(id: ContainerId): Promise<void> {
    const { containers, clock, runtime, layersOf } = this.#options;
    const { config, state } = containers.get(id);
    if (state.status === 'running') {
      throw new EngineError('not-modified', `container ${id} is already running`);
    }
    if (state.status === 'paused') {
      throw new EngineError('conflict', 'cannot start a paused container, try unpause instead');
    }
    const live = this.#liveOf(id);
    try {
      const layers = layersOf(config.imageId);
      const mounts = prepareMounts(config.mounts);
      live.log.open();
      const task = await runtime.start(
        {
          containerId: id,
          hostname: config.hostname,
          rootfs: rootfsOf(config.storage, layers, containers.upperdirOf(id)),
          mounts,
          tmpfs: tmpfsMountsOf(config.storage, totalmem()),
          args: commandLine(config),
          env: taskEnv(config),
          workingDirectory: config.workingDirectory,
          user: config.user,
          hasTerminal: config.hasTerminal,
          ...(config.window ? { window: config.window } : {}),
          hasStdin: config.opensStdin,
          isInit: config.isInit,
          resources: resourcesOf(config.limits),
          isolation: isolationOf(config.limits),
        },
        {
          write: (stream, bytes) => {
            const logged = live.log.append(stream, clock.realtimeNs(), bytes);
            const attached = live.hub.write(stream, bytes);
            return attached ? Promise.all([logged, attached]).then(() => {}) : logged;
          },
        },
      );
      live.task = task;
      const startedNs = clock.realtimeNs();
      this.#setState(id, { status: 'running', startedNs, hostPid: task.hostPid });
      void task.exited.then((exit) => this.#inTurn(id, () => this.#ended(id, startedNs, exit)));
      settleAll(live.taskWaiters, task);
    } catch (thrown) {
      await live.log.flush();
      live.log.close();
      this.#noteFailedStart(id, thrown);
      if (config.isAutoRemoved) await this.#erase(id);
      throw thrown;
    }
  }

  #noteFailedStart(id: ContainerId, thrown: unknown): void {
    const { state } = this.#options.containers.get(id);
    const error = messageOf(thrown);
    const exitCode = exitCodeOfFailedStart(thrown);
    if (state.status === 'created') this.#setState(id, { status: 'created', exitCode, error });
    if (state.status === 'exited') {
      this.#setState(id, { ...state, exitCode, error, isOutOfMemory: false });
    }
  }

  async #ended(id: ContainerId, startedNs: bigint, exit: TaskExit): Promise<void> {
    const { exitCode, reason, isOutOfMemory, usage } = exit;
    const live = this.#liveOf(id);
    await live.log.flush();
    live.log.close();
    live.task = undefined;
    const error = reason ?? '';
    const finishedNs = this.#options.clock.realtimeNs();
    this.#setState(id, {
      status: 'exited',
      startedNs,
      finishedNs,
      exitCode,
      error,
      isOutOfMemory,
      usage,
    });
    live.hub.end();
    // Whoever waits asked for the code: an error would mean that it is not to be known.
    settleAll(live.exitWaiters, { exitCode, error: '' });
    if (this.#options.containers.get(id).config.isAutoRemoved) await this.#erase(id);
  }

  /**
   * Idempotent. Errors: internal when files stay; the container is dead then, and can be removed
   * again.
   */
  async #erase(id: ContainerId): Promise<void> {
    const { containers } = this.#options;
    if (!containers.has(id)) return;
    const { state, name } = containers.get(id);
    const last = { exitCode: exitCodeOf(state), error: errorOf(state) };
    if (state.status !== 'removing') this.#setState(id, { status: 'removing', ...last });
    try {
      await rm(containers.folderOf(id), { recursive: true, force: true });
    } catch (thrown) {
      const error = `unable to remove the files of container ${name}: ${messageOf(thrown)}`;
      this.#setState(id, { status: 'dead', exitCode: last.exitCode, error });
      throw new EngineError('internal', error, { cause: thrown });
    }
    containers.delete(id);
    const live = this.#live.get(id);
    this.#live.delete(id);
    if (!live) return;
    live.hub.end();
    settleAll(live.taskWaiters, undefined);
    settleAll(live.exitWaiters, last);
    for (const waiter of live.removalWaiters) waiter();
  }

  #setState(id: ContainerId, state: ContainerState): void {
    const { containers, log } = this.#options;
    const before = containers.get(id).state.status;
    containers.setState(id, state);
    if (before !== state.status) log.info('container', { id, status: state.status });
  }

  #signal(id: ContainerId, signal: number): void {
    this.#live.get(id)?.task?.signal(signal);
  }

  /**
   * In turn: nothing else happens to the container meanwhile. As Docker has it, a signal that is
   * meant to end a container wakes a paused one; any other waits for `unpause`.
   */
  async #deliver(id: ContainerId, signal: number): Promise<void> {
    const { containers } = this.#options;
    if (!containers.has(id)) return;
    const { config, state } = containers.get(id);
    this.#signal(id, signal);
    // SIGKILL needs no waking.
    if (state.status !== 'paused' || signal === SIGNALS.SIGKILL) return;
    const stopSignal = parseSignal(config.stopSignal);
    if (signal === stopSignal || stopSignal === SIGNALS.SIGTERM) await this.#resume(id);
  }

  async #resume(id: ContainerId): Promise<void> {
    const state = this.#liveState(id);
    await this.#live.get(id)?.task?.resume();
    this.#setState(id, { ...state, status: 'running' });
  }

  #liveState(id: ContainerId): LiveState {
    const { state } = this.#options.containers.get(id);
    if (isLive(state)) return state;
    throw new EngineError('conflict', `container ${id} is not running`);
  }

  #liveOf(id: ContainerId): LiveContainer {
    const known = this.#live.get(id);
    if (known) return known;
    const live: LiveContainer = {
      hub: new OutputHub(),
      log: new ContainerLog(join(this.#options.containers.folderOf(id), 'log'), (thrown) =>
        this.#options.log.error('cannot write a log', { id, reason: messageOf(thrown) }),
      ),
      task: undefined,
      turn: Promise.resolve(),
      exitWaiters: new Set(),
      removalWaiters: new Set(),
      taskWaiters: new Set(),
    };
    this.#live.set(id, live);
    return live;
  }

  #inTurn<Result>(id: ContainerId, act: () => Promise<Result>): Promise<Result> {
    const live = this.#liveOf(id);
    const done = live.turn.then(act);
    // The next one waits for the end of this one, however it ended; the failure is its caller's.
    live.turn = done.catch(() => {});
    return done;
  }

  async #isWithin(ended: Promise<unknown>, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.startTimer(timeoutMs, () => resolve(false));
      void ended.then(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }
}

function settleAll<Value>(waiters: Set<(value: Value) => void>, value: Value): void {
  const waiting = [...waiters];
  waiters.clear();
  for (const waiter of waiting) waiter(value);
}

function isKind(thrown: unknown, kind: ErrorKind): boolean {
  return thrown instanceof EngineError && thrown.kind === kind;
}

function signalNumber(signal: string): number {
  const number = parseSignal(signal);
  if (number === undefined) throw new EngineError('invalid-argument', `invalid signal: ${signal}`);
  return number;
}
