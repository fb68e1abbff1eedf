import type { FileSystem, Vnode } from './contract.ts';
import type { Mount } from './mount-table.ts';
import {
  cpuInfoOf,
  FILE_SYSTEMS_TEXT,
  loadAverageOf,
  machineStatOf,
  memInfoOf,
  uptimeOf,
  versionOf,
} from './proc-machine-text.ts';
import {
  addresses6Text,
  interfacesText,
  neighboursText,
  routesText,
  socketsText,
  UNIX_TEXT,
} from './proc-net-text.ts';
import {
  type ProcContext,
  ProcDirectory,
  type ProcIdentity,
  ProcLink,
  ProcText,
} from './proc-node.ts';
import { ids, inodeOfProcess, processDirectory } from './proc-process.ts';
import type { ProcMachine, ProcSource } from './proc-source.ts';
import { MAGIC, UNCOUNTED } from './statistics.ts';

/**
 * The file system at /proc: what programs such as ps, top, free, df and mount read, in the formats
 * of Linux (proc(5)). Nothing in it can be changed.
 */
export interface ProcOptions extends ProcContext {
  readonly source: ProcSource;
  /** What is mounted in the container. */
  readonly mounts: () => readonly Mount[];
}

export function createProc(options: ProcOptions): FileSystem {
  const makers = new FileMakers(options);
  const { source } = options;
  const root = makers.identity();
  const net = netDirectory(makers, source);
  const processes = { ...options, net };
  const fixed = new Map<string, Vnode>([
    ['self', makers.link(() => String(source.selfPid()))],
    ['thread-self', makers.link(() => `${source.selfPid()}/task/${source.selfTid()}`)],
    ['mounts', makers.link(() => 'self/mounts')],
    ['net', makers.link(() => 'self/net')],
    ['sys', sysDirectory(makers, source)],
    ...machineFiles(makers, source),
  ]);
  const directory = new ProcDirectory(options, root, {
    fixed,
    list: () =>
      ids(source.pids(), 0n).map((entry) => {
        return { ...entry, inode: inodeOfProcess(Number(entry.name)) };
      }),
    lookup: (name) => {
      const process = PID.test(name) ? source.process(Number(name)) : undefined;
      return process && processDirectory(processes, process);
    },
  });
  return {
    typeName: 'proc',
    root: directory,
    isReadOnly: true,
    statistics: () => ({ ...UNCOUNTED, type: MAGIC.proc }),
    [Symbol.dispose]: () => {},
  };
}

const PID = /^[1-9][0-9]{0,9}$/;

/** Makes the files of fixed names, each with an inode of its own. */
class FileMakers {
  readonly #context: ProcContext;
  #lastInode = 0n;

  constructor(context: ProcContext) {
    this.#context = context;
  }

  identity(): ProcIdentity {
    this.#lastInode++;
    return { inode: this.#lastInode };
  }

  text(write: () => string): Vnode {
    return new ProcText(this.#context, this.identity(), write);
  }

  link(target: () => string): Vnode {
    return new ProcLink(this.#context, this.identity(), target);
  }

  directory(files: { readonly [name: string]: Vnode }): Vnode {
    const fixed = new Map(Object.entries(files));
    return new ProcDirectory(this.#context, this.identity(), { fixed });
  }
}

function machineFiles(makers: FileMakers, source: ProcSource): readonly [string, Vnode][] {
  const text = (write: (machine: ProcMachine) => string): Vnode =>
    makers.text(() => write(source.machine()));
  return [
    ['cpuinfo', text(cpuInfoOf)],
    ['meminfo', text(memInfoOf)],
    ['loadavg', text((machine) => loadAverageOf(machine, countsOf(source)))],
    ['uptime', text(uptimeOf)],
    ['version', text(versionOf)],
    ['stat', text((machine) => machineStatOf(machine, countsOf(source).running))],
    ['filesystems', makers.text(() => FILE_SYSTEMS_TEXT)],
    ['cmdline', makers.text(() => '\n')],
    ['swaps', makers.text(() => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n')],
  ];
}

function countsOf(source: ProcSource): { readonly running: number; readonly all: number } {
  const states = source.pids().map((pid) => source.process(pid)?.state);
  return { running: states.filter((state) => state === 'R').length, all: states.length };
}

function netDirectory(makers: FileMakers, source: ProcSource): Vnode {
  const network = () => source.network();
  const sockets = (protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6'): Vnode =>
    makers.text(() => socketsText(network(), protocol));
  return makers.directory({
    dev: makers.text(() => interfacesText(network())),
    tcp: sockets('tcp'),
    tcp6: sockets('tcp6'),
    udp: sockets('udp'),
    udp6: sockets('udp6'),
    unix: makers.text(() => UNIX_TEXT),
    route: makers.text(() => routesText(network())),
    arp: makers.text(() => neighboursText(network())),
    if_inet6: makers.text(() => addresses6Text(network())),
  });
}

function sysDirectory(makers: FileMakers, source: ProcSource): Vnode {
  const line = (value: (machine: ProcMachine) => string | number): Vnode =>
    makers.text(() => `${value(source.machine())}\n`);
  return makers.directory({
    kernel: makers.directory({
      hostname: line(({ hostname }) => hostname),
      ostype: line(() => 'Linux'),
      osrelease: line(({ release }) => release),
      version: line(({ version }) => version),
      pid_max: line(({ pidMax }) => pidMax),
      'threads-max': line(({ pidMax }) => pidMax),
      random: makers.directory({
        boot_id: line(({ bootId }) => bootId),
        uuid: line(({ newUuid }) => newUuid()),
      }),
    }),
    fs: makers.directory({ 'file-max': line(({ maxFiles }) => maxFiles) }),
    vm: makers.directory({
      overcommit_memory: line(() => 0),
      swappiness: line(() => 0),
    }),
    net: makers.directory({
      core: makers.directory({ somaxconn: line(() => 4096) }),
    }),
  });
}
