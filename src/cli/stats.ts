import type { ContainerSummary } from '../wire/container.ts';
import type { ContainerStatsResponse, CpuStatsResponse } from '../wire/container-usage.ts';
import type { Command, CommandContext } from './command.ts';
import { type EngineClient, EngineResponseError } from './engine-client.ts';
import { FORMAT_FLAG } from './ps.ts';
import { binarySize } from './quantities.ts';
import { formatRows, type Row } from './table.ts';

const COLUMNS = [
  { heading: 'CONTAINER ID', field: 'ID' },
  { heading: 'NAME', field: 'Name' },
  { heading: 'CPU %', field: 'CPUPerc' },
  { heading: 'MEM USAGE / LIMIT', field: 'MemUsage' },
  { heading: 'MEM %', field: 'MemPerc' },
  { heading: 'NET I/O', field: 'NetIO' },
  { heading: 'BLOCK I/O', field: 'BlockIO' },
  { heading: 'PIDS', field: 'PIDs' },
  { heading: 'FUEL', field: 'Fuel' },
];

const HEADINGS: Row = {
  ...Object.fromEntries(COLUMNS.map(({ heading, field }) => [field, heading])),
  Container: 'CONTAINER',
};

const INTERVAL_MS = 1_000;
/** Every container is asked by a request of its own; a daemon need not answer thousands at once. */
const REQUESTS_AT_ONCE = 64;

export const STATS: Command = {
  name: 'stats',
  usage: '[OPTIONS] [CONTAINER...]',
  summary: 'Display a live stream of container(s) resource usage statistics',
  flags: [
    {
      name: 'all',
      short: 'a',
      kind: 'boolean',
      summary: 'Show all containers (default shows just running)',
    },
    FORMAT_FLAG,
    {
      name: 'no-stream',
      kind: 'boolean',
      summary: 'Disable streaming stats and only pull the first result',
    },
    { name: 'no-trunc', kind: 'boolean', summary: 'Do not truncate output' },
  ],
  arguments: { least: 0, most: Number.POSITIVE_INFINITY },
  run: async (context, flags, names) => {
    const format = flags.text('format');
    const isTruncated = !flags.isOn('no-trunc');
    const all = flags.isOn('all');
    const sampler = new StatsReader(context.engine);
    const render = (samples: readonly Sample[]): string =>
      formatRows(
        samples.map((sample) => rowOf(sample, isTruncated)),
        COLUMNS,
        HEADINGS,
        format,
      );
    // The first answers come with two samples each, so that there is a share of the CPU to show.
    let frame = render(await sampler.read(await targets(context.engine, names, all)));
    if (flags.isOn('no-stream')) {
      context.terminal.stdout.write(frame);
      return 0;
    }
    for (;;) {
      showFrame(context, frame);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      frame = render(await sampler.read(await targets(context.engine, names, all)));
    }
  },
};

/** One refresh: over the one before on a terminal, below it elsewhere. */
function showFrame({ terminal: { stdout } }: CommandContext, frame: string): void {
  const [home, eraseLine, eraseBelow] = ['\u001b[H', '\u001b[K', '\u001b[J'];
  const text = stdout.isTTY
    ? `${home}${frame.replaceAll('\n', `${eraseLine}\n`)}${eraseBelow}`
    : frame;
  stdout.write(text);
}

interface Target {
  /** As the user named it. */
  readonly name: string;
  /** Whether its absence is an error: the user asked for it, and did not just ask for all. */
  readonly isNamed: boolean;
}

async function targets(
  engine: EngineClient,
  names: readonly string[],
  all: boolean,
): Promise<readonly Target[]> {
  if (names.length > 0) return names.map((name) => ({ name, isNamed: true }));
  const query = { all };
  const found = await engine.call<readonly ContainerSummary[]>('GET', '/containers/json', {
    query,
  });
  return found.map(({ Id: name }) => ({ name, isNamed: false }));
}

interface Sample {
  readonly container: string;
  readonly stats: ContainerStatsResponse;
  /** A share of one CPU, in percent. */
  readonly cpuPercent: number;
}

/** Asks for samples and remembers the last of each container. */
class StatsReader {
  readonly #engine: EngineClient;
  #last = new Map<string, CpuStatsResponse>();

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /** In order; containers that have gone meanwhile are left out. */
  async read(containers: readonly Target[]): Promise<readonly Sample[]> {
    const samples: (Sample | undefined)[] = [];
    for (let start = 0; start < containers.length; start += REQUESTS_AT_ONCE) {
      const part = containers.slice(start, start + REQUESTS_AT_ONCE);
      samples.push(...(await Promise.all(part.map((target) => this.#readOne(target)))));
    }
    const found = samples.filter((sample) => sample !== undefined);
    this.#last = new Map(found.map(({ container, stats }) => [container, stats.cpu_stats]));
    return found;
  }

  async #readOne({ name, isNamed }: Target): Promise<Sample | undefined> {
    const last = this.#last.get(name);
    const query = { stream: '0', 'one-shot': last ? '1' : '0' };
    const path = `/containers/${encodeURIComponent(name)}/stats`;
    try {
      const stats = await this.#engine.call<ContainerStatsResponse>('GET', path, { query });
      const previous = last ?? stats.precpu_stats;
      return { container: name, stats, cpuPercent: cpuPercent(previous, stats.cpu_stats) };
    } catch (thrown) {
      const isGone = thrown instanceof EngineResponseError && thrown.status === 404;
      if (isGone && !isNamed) return undefined;
      throw thrown;
    }
  }
}

/** Docker's own formula. */
export function cpuPercent(previous: CpuStatsResponse, current: CpuStatsResponse): number {
  const cpu = current.cpu_usage.total_usage - previous.cpu_usage.total_usage;
  const system = (current.system_cpu_usage ?? 0) - (previous.system_cpu_usage ?? 0);
  return cpu > 0 && system > 0 ? (cpu / system) * (current.online_cpus ?? 0) * 100 : 0;
}

const SHORT_ID = 12;

function rowOf({ container, stats, cpuPercent: share }: Sample, isTruncated: boolean): Row {
  const { usage = 0, limit = 0 } = stats.memory_stats;
  const percent = (value: number): string => `${value.toFixed(2)}%`;
  return {
    Container: container,
    ID: isTruncated ? stats.id.slice(0, SHORT_ID) : stats.id,
    Name: stats.name.replace(/^\//, ''),
    CPUPerc: percent(share),
    MemUsage: `${binarySize(usage)} / ${binarySize(limit)}`,
    MemPerc: percent(limit > 0 ? (usage / limit) * 100 : 0),
    NetIO: '0B / 0B',
    BlockIO: '0B / 0B',
    PIDs: String(stats.pids_stats.current ?? 0),
    Fuel: String(stats.wolffia?.fuel ?? 0),
  };
}
