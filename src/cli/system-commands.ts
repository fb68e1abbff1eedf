import { resolve } from 'node:path';
import { type InfoResponse, SHUTDOWN_PATH, type VersionResponse } from '../wire/system.ts';
import { API_VERSION } from '../wire/versions.ts';
import type { Command, CommandContext } from './command.ts';
import { EngineUnreachableError } from './engine-client.ts';
import type { Flags } from './flags.ts';
import { compileTemplate } from './template.ts';

const NONE = { least: 0, most: 0 };
const FORMAT = {
  name: 'format',
  short: 'f',
  kind: 'text',
  summary: "Format output: 'json', or a Go template",
} as const;

export const VERSION: Command = {
  name: 'version',
  usage: '[OPTIONS]',
  summary: 'Show the wolffia version information',
  flags: [FORMAT],
  arguments: NONE,
  run: async (context, flags) => {
    const { version, nodeVersion } = context.clientFacts;
    const { engine } = context;
    const server = await engine.call<VersionResponse>('GET', '/version');
    const facts = {
      Client: { Version: version, ApiVersion: API_VERSION, NodeVersion: nodeVersion },
      Server: server,
    };
    const format = flags.text('format');
    if (format !== undefined) {
      const text = format === 'json' ? JSON.stringify(facts) : compileTemplate(format)(facts);
      context.terminal.stdout.write(`${text}\n`);
      return 0;
    }
    const node = server.Components.find(({ Name }) => Name === 'node')?.Version ?? '';
    context.terminal.stdout.write(
      [
        'Client:',
        ` Version:           ${version}`,
        ` API version:       ${API_VERSION}`,
        ` Node version:      ${nodeVersion}`,
        '',
        `Server: ${server.Platform.Name}`,
        ` Engine:`,
        `  Version:          ${server.Version}`,
        `  API version:      ${server.ApiVersion} (minimum version ${server.MinAPIVersion})`,
        `  Node version:     ${node}`,
        `  Built:            ${server.BuildTime}`,
        `  OS/Arch:          ${server.Os}/${server.Arch}`,
        '',
      ].join('\n'),
    );
    return 0;
  },
};

function infoCommand(name: string): Command {
  return {
    name,
    usage: '[OPTIONS]',
    summary: 'Display system-wide information',
    flags: [FORMAT],
    arguments: NONE,
    run: async (context, flags) => {
      const { engine } = context;
      const info = await engine.call<InfoResponse>('GET', '/info');
      const format = flags.text('format');
      if (format !== undefined) {
        const text = format === 'json' ? JSON.stringify(info) : compileTemplate(format)(info);
        context.terminal.stdout.write(`${text}\n`);
        return 0;
      }
      context.terminal.stdout.write(
        [
          'Client:',
          ` Version:    ${context.clientFacts.version}`,
          '',
          'Server:',
          ` Containers: ${info.Containers}`,
          `  Running: ${info.ContainersRunning}`,
          `  Paused: ${info.ContainersPaused}`,
          `  Stopped: ${info.ContainersStopped}`,
          ` Images: ${info.Images}`,
          ` Server Version: ${info.ServerVersion}`,
          ` Storage Driver: ${info.Driver}`,
          ` Logging Driver: ${info.LoggingDriver}`,
          ` Runtimes: ${Object.keys(info.Runtimes).join(' ')}`,
          ` Default Runtime: ${info.DefaultRuntime}`,
          ...limitLines(info),
          ...hardeningLines(info),
          ` Kernel Version: ${info.KernelVersion}`,
          ` Operating System: ${info.OperatingSystem}`,
          ` Architecture: ${info.Architecture}`,
          ` CPUs: ${info.NCPU}`,
          ` Total Memory: ${(info.MemTotal / 1024 ** 3).toFixed(2)}GiB`,
          ` Name: ${info.Name}`,
          ` Wolffia Root Dir: ${info.DockerRootDir}`,
          ` Socket: ${info.Wolffia.Socket}`,
          ` Daemon PID: ${info.Wolffia.Pid}`,
          ` Log: ${info.Wolffia.LogPath}`,
          ` Node Version: ${info.Wolffia.NodeVersion}`,
          '',
        ].join('\n'),
      );
      return 0;
    },
  };
}

function limitLines(info: InfoResponse): readonly string[] {
  const { Count: count, Spare: spare, Tasks: tasks } = info.Wolffia.Cells;
  const limits = [
    ['memory', info.MemoryLimit],
    ['cpus', info.CpuCfsQuota],
    ['cpu-shares', info.CPUShares],
    ['cpuset-cpus', info.CPUSet],
    ['memory-swap', info.SwapLimit],
    ['pids-limit', info.PidsLimit],
  ] as const;
  const named = (isWanted: boolean): string =>
    limits
      .filter(([, isSupported]) => isSupported === isWanted)
      .map(([name]) => name)
      .join(' ');
  return [
    ` Limits: ${named(true)} fuel fuel-per-second`,
    `  Not supported: ${named(false)}`,
    ` Cells: ${count}`,
    `  Spare: ${spare}`,
    `  Tasks: ${tasks}`,
  ];
}

function hardeningLines(info: InfoResponse): readonly string[] {
  const options = info.SecurityOptions.map((option) => `  ${option.replace(/^name=/, '')}`);
  const missing = info.Wolffia.Hardening.flatMap(({ Name, MissingBecause }) =>
    MissingBecause === undefined ? [] : [`  ${Name}: ${MissingBecause}`],
  );
  return [
    ' Security Options:',
    ...options,
    ...(missing.length > 0 ? [' Missing Security Options:', ...missing] : []),
  ];
}

export const INFO = infoCommand('info');
export const SYSTEM_INFO = infoCommand('system info');

export const SYSTEM_START: Command = {
  name: 'system start',
  usage: '[OPTIONS]',
  summary: 'Start the daemon, unless it runs',
  flags: [
    {
      name: 'config-file',
      kind: 'text',
      summary: "Daemon configuration file, instead of the user's",
      placeholder: 'file',
    },
    {
      name: 'insecure-registry',
      kind: 'list',
      summary: 'Registry, or range of them, that may be reached without TLS',
      placeholder: 'list',
    },
    {
      name: 'registry-mirror',
      kind: 'list',
      summary: 'Preferred registry mirror of Docker Hub',
      placeholder: 'list',
    },
  ],
  arguments: NONE,
  run: async (context, flags) => {
    const running = await findDaemon(context);
    const passedOn = daemonFlags(flags);
    if (running && passedOn.length > 0) {
      throw new Error(
        `the daemon runs already (pid ${running.Wolffia.Pid}), without these flags: end it first by "wolffia system stop"`,
      );
    }
    if (!running) await context.startDaemon(passedOn);
    const info = running ?? (await findDaemon(context));
    if (!info) throw new Error('the daemon started, and does not answer');
    const how = running ? 'already running' : 'started';
    context.terminal.stdout.write(`${how} (pid ${info.Wolffia.Pid}) at ${context.paths.host}\n`);
    return 0;
  },
};

/** A path is meant from where the command was given. */
function daemonFlags(flags: Flags): readonly string[] {
  const file = flags.text('config-file');
  return [
    ...(file === undefined ? [] : [`--config-file=${resolve(file)}`]),
    ...['insecure-registry', 'registry-mirror'].flatMap((name) =>
      flags.list(name).map((value) => `--${name}=${value}`),
    ),
  ];
}

/** What `wolffia system status` exits with when there is no daemon (as service managers do). */
const NOT_RUNNING = 3;

export const SYSTEM_STATUS: Command = {
  name: 'system status',
  usage: '',
  summary: 'Tell whether the daemon runs, and where',
  flags: [],
  arguments: NONE,
  run: async (context) => {
    const info = await findDaemon(context);
    const { stdout } = context.terminal;
    if (!info) {
      stdout.write(`not running (data root ${context.paths.dataRoot})\n`);
      return NOT_RUNNING;
    }
    stdout.write(
      [
        `running (pid ${info.Wolffia.Pid}) at ${context.paths.host}`,
        `  version:    ${info.ServerVersion}`,
        `  data root:  ${info.DockerRootDir}`,
        `  log:        ${info.Wolffia.LogPath}`,
        `  containers: ${info.ContainersRunning} running, ${info.Containers} in all`,
        '',
      ].join('\n'),
    );
    return 0;
  },
};

const STOP_POLL_MS = 20;

export const SYSTEM_STOP: Command = {
  name: 'system stop',
  usage: '',
  summary: 'Stop the daemon, and with it all running containers',
  flags: [],
  arguments: NONE,
  run: async (context) => {
    const info = await findDaemon(context);
    if (!info) {
      context.terminal.stdout.write('not running\n');
      return 0;
    }
    await context.presentEngine.call('POST', SHUTDOWN_PATH);
    // The daemon gives its containers time to end, and closes its state last; whoever waits here
    // can interrupt.
    while (context.isProcessAlive(info.Wolffia.Pid)) {
      await new Promise((resolve) => setTimeout(resolve, STOP_POLL_MS));
    }
    context.terminal.stdout.write(`stopped (pid ${info.Wolffia.Pid})\n`);
    return 0;
  },
};

async function findDaemon({ presentEngine }: CommandContext): Promise<InfoResponse | undefined> {
  try {
    return await presentEngine.call<InfoResponse>('GET', '/info');
  } catch (thrown) {
    if (thrown instanceof EngineUnreachableError && thrown.isAbsent) return undefined;
    throw thrown;
  }
}
