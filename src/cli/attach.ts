import type { ContainerInspect } from '../wire/container.ts';
import { runAttached } from './attached-run.ts';
import type { Command } from './command.ts';
import { DETACH_KEYS_FLAG, detachKeysOf } from './detach-keys-flag.ts';
import { requireTerminal } from './terminal.ts';
import { provokeRedraw } from './window-follower.ts';

export const SIGNAL_PROXY_FLAG = {
  name: 'sig-proxy',
  kind: 'boolean',
  summary: 'Proxy all received signals to the process',
  isOnByDefault: true,
} as const;

export const ATTACH: Command = {
  name: 'attach',
  usage: '[OPTIONS] CONTAINER',
  summary: 'Attach local standard input, output, and error streams to a running container',
  flags: [
    DETACH_KEYS_FLAG,
    { name: 'no-stdin', kind: 'boolean', summary: 'Do not attach STDIN' },
    SIGNAL_PROXY_FLAG,
  ],
  arguments: { least: 1, most: 1 },
  run: async ({ engine, terminal }, flags, [name = '']) => {
    const inspect = async (): Promise<ContainerInspect> => {
      const path = `/containers/${encodeURIComponent(name)}/json`;
      const container = await engine.call<ContainerInspect>('GET', path);
      requireAttachable(container);
      return container;
    };
    const { Id: id, Config, HostConfig } = await inspect();
    const takesInput = !flags.isOn('no-stdin') && Config.OpenStdin;
    if (takesInput && Config.Tty) requireTerminal(terminal);
    return runAttached(engine, terminal, {
      id,
      attachment: { stdin: takesInput, stdout: true, stderr: true },
      hasTerminal: Config.Tty,
      isRemovedAtEnd: HostConfig.AutoRemove,
      detachKeys: detachKeysOf(flags, terminal),
      proxiesSignals: flags.isOn('sig-proxy'),
      start: async () => {
        // One that ended just before would be waited for until its next start.
        await inspect();
        if (Config.Tty) await provokeRedraw(engine, terminal, `/containers/${id}`);
      },
    });
  },
};

/** # Errors: an Error in Docker's words. */
function requireAttachable({ State }: ContainerInspect): void {
  if (!State.Running) throw new Error('cannot attach to a stopped container, start it first');
  if (State.Paused) throw new Error('cannot attach to a paused container, unpause it first');
}
