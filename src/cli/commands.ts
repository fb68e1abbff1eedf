import { IMPORT, LOAD, SAVE } from './archive-commands.ts';
import { ATTACH } from './attach.ts';
import type { Command } from './command.ts';
import { KILL, REMOVE, RENAME, RESTART, START, STOP, WAIT } from './container-commands.ts';
import { SYSTEM_DF } from './disk-usage.ts';
import { EXEC } from './exec.ts';
import { EXPORT } from './export.ts';
import { SYSTEM_FSCK } from './fsck.ts';
import { IMAGE_CONVERT, IMAGE_INSPECT, REMOVE_IMAGE, TAG } from './image-commands.ts';
import { HISTORY } from './image-history.ts';
import { IMAGES } from './images.ts';
import { INSPECT } from './inspect.ts';
import { PAUSE, TOP, UNPAUSE, UPDATE } from './limit-commands.ts';
import { LOGIN, LOGOUT } from './login.ts';
import { LOGS } from './logs.ts';
import { MANIFEST_INSPECT } from './manifest-inspect.ts';
import { IMAGE_PRUNE, SYSTEM_PRUNE } from './prune.ts';
import { PS } from './ps.ts';
import { PULL } from './pull.ts';
import { PUSH } from './push.ts';
import { CREATE, RUN } from './run.ts';
import { SEARCH } from './search.ts';
import { SERVE_REGISTRY } from './serve-registry.ts';
import { STATS } from './stats.ts';
import {
  INFO,
  SYSTEM_INFO,
  SYSTEM_START,
  SYSTEM_STATUS,
  SYSTEM_STOP,
  VERSION,
} from './system-commands.ts';

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  RUN,
  CREATE,
  EXEC,
  ATTACH,
  PS,
  START,
  STOP,
  RESTART,
  KILL,
  PAUSE,
  UNPAUSE,
  UPDATE,
  STATS,
  TOP,
  REMOVE,
  WAIT,
  LOGS,
  RENAME,
  EXPORT,
  INSPECT,
  IMAGES,
  PULL,
  PUSH,
  SAVE,
  LOAD,
  IMPORT,
  HISTORY,
  REMOVE_IMAGE,
  TAG,
  SEARCH,
  LOGIN,
  LOGOUT,
  IMAGE_INSPECT,
  IMAGE_PRUNE,
  IMAGE_CONVERT,
  MANIFEST_INSPECT,
  SERVE_REGISTRY,
  INFO,
  VERSION,
  SYSTEM_START,
  SYSTEM_STOP,
  SYSTEM_STATUS,
  SYSTEM_INFO,
  SYSTEM_DF,
  SYSTEM_PRUNE,
  SYSTEM_FSCK,
];

/** Docker's longer names (`container ls`, `image rm`) for the same commands. */
const ALIASES: Readonly<Record<string, string>> = {
  'container attach': 'attach',
  'container create': 'create',
  'container exec': 'exec',
  'container export': 'export',
  'container inspect': 'inspect',
  'container kill': 'kill',
  'container list': 'ps',
  'container logs': 'logs',
  'container ls': 'ps',
  'container pause': 'pause',
  'container ps': 'ps',
  'container rename': 'rename',
  'container restart': 'restart',
  'container rm': 'rm',
  'container run': 'run',
  'container start': 'start',
  'container stats': 'stats',
  'container stop': 'stop',
  'container top': 'top',
  'container unpause': 'unpause',
  'container update': 'update',
  'container wait': 'wait',
  'image history': 'history',
  'image import': 'import',
  'image list': 'images',
  'image load': 'load',
  'image ls': 'images',
  'image pull': 'pull',
  'image push': 'push',
  'image remove': 'rmi',
  'image rm': 'rmi',
  'image save': 'save',
  'image tag': 'tag',
};

export interface FoundCommand {
  readonly command: Command;
  readonly rest: readonly string[];
}

/** The command that `words` begin with; undefined when there is none. */
export function findCommand(words: readonly string[]): FoundCommand | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const target = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
    const command = COMMANDS.find((one) => one.name === target);
    if (command && words.length >= length) return { command, rest: words.slice(length) };
  }
  return undefined;
}

export function helpOfAll(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2;
  return [
    'Usage:  wolffia [OPTIONS] COMMAND',
    '',
    'A rootless container engine for WebAssembly programs',
    '',
    'Commands:',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Global Options:',
    '      --data-root string   Where the engine keeps everything (or WOLFFIA_DATA_ROOT)',
    '  -H, --host string        Daemon socket to connect to (or WOLFFIA_HOST)',
    '  -v, --version            Print version information and quit',
    '',
    "Run 'wolffia COMMAND --help' for more information on a command.",
    '',
  ].join('\n');
}
