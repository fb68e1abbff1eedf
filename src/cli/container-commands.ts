import type { ContainerInspect, ContainerWaitResponse } from '../wire/container.ts';
import { SIGNAL_PROXY_FLAG } from './attach.ts';
import { runAttached } from './attached-run.ts';
import { type Command, forEachNamed } from './command.ts';
import { DETACH_KEYS_FLAG, detachKeysOf } from './detach-keys-flag.ts';
import { UsageError } from './flags.ts';
import { requireTerminal } from './terminal.ts';

const SEVERAL = { least: 1, most: Number.POSITIVE_INFINITY };

export const START: Command = {
  name: 'start',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Start one or more stopped containers',
  flags: [
    {
      name: 'attach',
      short: 'a',
      kind: 'boolean',
      summary: 'Attach STDOUT/STDERR and forward signals',
    },
    DETACH_KEYS_FLAG,
    { name: 'interactive', short: 'i', kind: 'boolean', summary: "Attach container's STDIN" },
    SIGNAL_PROXY_FLAG,
  ],
  arguments: SEVERAL,
  run: async (context, flags, names) => {
    const { engine } = context;
    const start = (name: string): Promise<void> =>
      engine.call('POST', `/containers/${encodeURIComponent(name)}/start`);
    if (!flags.isOn('attach') && !flags.isOn('interactive')) {
      return forEachNamed(context, names, async (name) => {
        await start(name);
        return name;
      });
    }
    const [name = '', ...others] = names;
    if (others.length > 0) {
      throw new UsageError('you cannot start and attach multiple containers at once');
    }
    const {
      Id: id,
      Config,
      HostConfig,
      State,
    } = await engine.call<ContainerInspect>('GET', `/containers/${encodeURIComponent(name)}/json`);
    if (State.Paused) throw new Error('cannot attach to a paused container, unpause it first');
    const takesInput = flags.isOn('interactive') && Config.OpenStdin;
    if (takesInput && Config.Tty) requireTerminal(context.terminal);
    return runAttached(engine, context.terminal, {
      id,
      attachment: { stdin: takesInput, stdout: true, stderr: true },
      hasTerminal: Config.Tty,
      isRemovedAtEnd: HostConfig.AutoRemove,
      detachKeys: detachKeysOf(flags, context.terminal),
      proxiesSignals: flags.isOn('sig-proxy'),
      start: () => start(id),
    });
  },
};

const STOP_FLAGS = [
  { name: 'signal', short: 's', kind: 'text', summary: 'Signal to send to the container' },
  {
    name: 'time',
    short: 't',
    kind: 'integer',
    summary: 'Seconds to wait before killing the container',
  },
  {
    name: 'timeout',
    kind: 'integer',
    summary: 'Seconds to wait before killing the container (same as --time)',
  },
] as const;

function stopCommand(name: 'stop' | 'restart', summary: string): Command {
  return {
    name,
    usage: '[OPTIONS] CONTAINER [CONTAINER...]',
    summary,
    flags: STOP_FLAGS,
    arguments: SEVERAL,
    run: async (context, flags, names) => {
      const { engine } = context;
      const query = {
        signal: flags.text('signal'),
        t: flags.integer('timeout') ?? flags.integer('time'),
      };
      return forEachNamed(context, names, async (container) => {
        await engine.call('POST', `/containers/${encodeURIComponent(container)}/${name}`, {
          query,
        });
        return container;
      });
    },
  };
}

export const STOP = stopCommand('stop', 'Stop one or more running containers');
export const RESTART = stopCommand('restart', 'Restart one or more containers');

export const KILL: Command = {
  name: 'kill',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Kill one or more running containers',
  flags: [{ name: 'signal', short: 's', kind: 'text', summary: 'Signal to send to the container' }],
  arguments: SEVERAL,
  run: async (context, flags, names) => {
    const { engine } = context;
    return forEachNamed(context, names, async (name) => {
      const query = { signal: flags.text('signal') };
      await engine.call('POST', `/containers/${encodeURIComponent(name)}/kill`, { query });
      return name;
    });
  },
};

export const REMOVE: Command = {
  name: 'rm',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Remove one or more containers',
  flags: [
    {
      name: 'force',
      short: 'f',
      kind: 'boolean',
      summary: 'Force the removal of a running container (uses SIGKILL)',
    },
    {
      name: 'volumes',
      short: 'v',
      kind: 'boolean',
      summary: 'Remove anonymous volumes associated with the container',
    },
  ],
  arguments: SEVERAL,
  run: async (context, flags, names) => {
    const { engine } = context;
    const query = { force: flags.isOn('force'), v: flags.isOn('volumes') };
    return forEachNamed(context, names, async (name) => {
      await engine.call('DELETE', `/containers/${encodeURIComponent(name)}`, { query });
      return name;
    });
  },
};

export const WAIT: Command = {
  name: 'wait',
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Block until one or more containers stop, then print their exit codes',
  flags: [],
  arguments: SEVERAL,
  run: async (context, _flags, names) => {
    const { engine } = context;
    return forEachNamed(context, names, async (name) => {
      const { StatusCode: exitCode } = await engine.call<ContainerWaitResponse>(
        'POST',
        `/containers/${encodeURIComponent(name)}/wait`,
      );
      return String(exitCode);
    });
  },
};

export const RENAME: Command = {
  name: 'rename',
  usage: 'CONTAINER NEW_NAME',
  summary: 'Rename a container',
  flags: [],
  arguments: { least: 2, most: 2 },
  run: async (context, _flags, [container = '', name = '']) => {
    const { engine } = context;
    await engine.call('POST', `/containers/${encodeURIComponent(container)}/rename`, {
      query: { name },
    });
    return 0;
  },
};
