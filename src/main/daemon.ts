import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RECIPES } from '../../images/recipes.ts';
import { containerRoutes } from '../api/container-routes.ts';
import { diskUsageRoutes } from '../api/disk-usage-routes.ts';
import { distributionRoutes } from '../api/distribution-routes.ts';
import { execRoutes } from '../api/exec-routes.ts';
import { imageRoutes } from '../api/image-routes.ts';
import { RegistryHost } from '../api/registry/registry-host.ts';
import { ApiServer } from '../api/server.ts';
import { systemRoutes } from '../api/system-routes.ts';
import { rfc3339Nano } from '../base/clock.ts';
import { messageOf } from '../base/engine-error.ts';
import { type EnginePaths, resolveEnginePaths } from '../base/engine-paths.ts';
import { createLog, type Log } from '../base/log.ts';
import { openDatabase } from '../engine/database.ts';
import { Engine } from '../engine/engine.ts';
import { ShippedImages } from '../engine/shipped-images.ts';
import { ImageService } from '../image/image-service.ts';
import { loadImages } from '../image/load.ts';
import { Transfers } from '../image/transfers.ts';
import { RegistryClient } from '../registry/registry-client.ts';
import { WasmRuntime } from '../runtime/wasm/wasm-runtime.ts';
import { LayeredSnapshots } from '../snapshot/layered-snapshots.ts';
import { READINESS_LINE } from '../wire/system.ts';
import { BUILD } from './build-facts.ts';
import { type DaemonConfig, readDaemonConfig } from './daemon-config.ts';
import { allowedCpus, cpuNanoseconds } from './host-cpus.ts';
import { systemClock } from './system-clock.ts';

/** How long containers may take to end by themselves when the daemon stops. */
const STOP_TIMEOUT_SECONDS = 10;

/**
 * wolffiad: the engine's daemon. Runs no guest code. Opens its parts in the order in which they
 * depend on each other, and closes them in reverse; tells by a line on its standard output that it
 * is ready.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'data-root': { type: 'string' },
      host: { type: 'string', short: 'H' },
      'config-file': { type: 'string' },
      'registry-mirror': { type: 'string', multiple: true },
      'insecure-registry': { type: 'string', multiple: true },
    },
  });
  const paths = resolveEnginePaths({
    dataRootFlag: values['data-root'],
    hostFlag: values.host,
    env: process.env,
    platform: process.platform,
    homeDirectory: os.homedir(),
    workingDirectory: process.cwd(),
  });
  fs.mkdirSync(paths.dataRoot, { recursive: true, mode: 0o700 });
  const clock = systemClock();
  const log = createLog(
    (line) => fs.appendFileSync(paths.logPath, line, { mode: 0o600 }),
    () => rfc3339Nano(clock.realtimeNs()),
    'info',
  );
  process.on('uncaughtException', (error) => {
    log.error('uncaught exception', { stack: error.stack ?? error.message });
    process.exit(1);
  });
  try {
    const config = readDaemonConfig({
      flags: values,
      env: process.env,
      platform: process.platform,
      homeDirectory: os.homedir(),
    });
    await serve(paths, config, log);
  } catch (thrown) {
    log.error('cannot start', { reason: messageOf(thrown) });
    process.stderr.write(`wolffiad: ${messageOf(thrown)}\n`);
    process.exitCode = 1;
  }
}

async function serve(paths: EnginePaths, config: DaemonConfig, log: Log): Promise<void> {
  await using owned = new AsyncDisposableStack();
  const { dataRoot, socketPath, logPath } = paths;
  const clock = systemClock();
  const database = openDatabase(dataRoot, process.pid);
  owned.defer(() => database.close());
  const images = await ImageService.open({ dataRoot, database, clock });
  const runtime = owned.use(
    WasmRuntime.open({
      dataRoot,
      nodePath: process.execPath,
      cellProgram: join(__dirname, 'cell.cjs'),
      environmentPath: process.env['PATH'] ?? '',
      clock,
      log,
    }),
  );
  const shippedImages = new ShippedImages({
    load: (archive) => loadImages(images, archive, () => {}),
    names: RECIPES.map(({ name }) => name),
    nodePath: process.execPath,
    builderProgram: join(__dirname, 'images.cjs'),
    environment: process.env,
  });
  const random = { bytes: (count: number): Buffer => randomBytes(count) };
  const registry = owned.use(
    new RegistryClient({
      settings: {
        ...config,
        environment: process.env,
        userAgent: `wolffia/${BUILD.version} (${process.platform})`,
      },
      clock,
      random,
    }),
  );
  const cpus = allowedCpus();
  const snapshots = owned.use(new LayeredSnapshots({ fs, platform: process.platform }));
  const engine = await Engine.open({
    dataRoot,
    database,
    images,
    transfers: new Transfers({ images, registry, catalog: shippedImages }),
    runtime,
    snapshots,
    clock,
    random,
    platform: process.platform,
    cpus,
    log,
  });
  const registryHost = owned.use(
    new RegistryHost({
      images,
      isUsed: (imageId) => engine.containers.all().some(({ config }) => config.imageId === imageId),
      clock,
      log,
    }),
  );
  const end = Promise.withResolvers<string>();
  const server = owned.use(
    new ApiServer({
      serverName: `Wolffia/${BUILD.version} (${process.platform})`,
      log,
      routes: [
        ...systemRoutes(engine, {
          version: BUILD.version,
          buildTime: BUILD.time,
          os: process.platform,
          architecture: process.arch === 'x64' ? 'amd64' : process.arch,
          kernelVersion: os.release(),
          nodeVersion: process.version,
          hostname: os.hostname(),
          cpuCount: cpus.count,
          memorySizeBytes: os.totalmem(),
          daemonPid: process.pid,
          socketPath,
          logPath,
          shutdown: () => end.resolve('asked by a client'),
        }),
        ...containerRoutes(engine, {
          // Of the same CPUs as the time, whether we may use them or not.
          cpuCount: os.cpus().length,
          memorySizeBytes: os.totalmem(),
          cpuNanoseconds,
        }),
        ...execRoutes(engine),
        ...imageRoutes(engine),
        ...distributionRoutes(engine),
        ...diskUsageRoutes(engine),
        ...registryHost.routes,
      ],
    }),
  );
  await server.listen(socketPath);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => end.resolve(signal));
  }
  // Whoever started us may be gone by the time we say so, or at any time later.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  process.stdout.write(`${READINESS_LINE}\n`);
  log.info('ready', { version: BUILD.version, pid: process.pid, socket: socketPath, dataRoot });
  log.info('stopping', { reason: await end.promise });
  await engine.lifecycle.stopAll(STOP_TIMEOUT_SECONDS);
}

void main().then(() => {
  // Open keep-alive timers and the like do not keep a daemon that has closed everything.
  process.exit();
});
