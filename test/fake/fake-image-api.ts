import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskUsageRoutes } from '../../src/api/disk-usage-routes.ts';
import { distributionRoutes } from '../../src/api/distribution-routes.ts';
import { imageRoutes } from '../../src/api/image-routes.ts';
import { type Route, route } from '../../src/api/route.ts';
import { ApiServer } from '../../src/api/server.ts';
import { createLog } from '../../src/base/log.ts';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { EngineClient } from '../../src/cli/engine-client.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { ContainerRecord } from '../../src/engine/container-record.ts';
import type { Image } from '../../src/image/contract.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeImageStore, FakeTransfers } from './fake-images.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** A server with the routes of images over images in memory, in a folder of its own. */
export class FakeImageApi implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'wolffia-unit-'));
  readonly images: FakeImageStore;
  readonly transfers = new FakeTransfers();
  readonly clock = new FakeClock();
  containers: ContainerRecord[] = [];
  readonly client: EngineClient;
  /** What was to be pruned of containers, and what is said to have been. */
  readonly prunings: string[] = [];
  prunedContainers: readonly string[] = [];
  /** What the client's clock says. */
  nowMs = 1_700_000_000_000;
  readonly #server: ApiServer;

  private constructor(images: readonly Image[]) {
    this.images = new FakeImageStore(images);
    const backend = {
      images: this.images,
      transfers: this.transfers,
      clock: this.clock,
      containers: {
        all: () => this.containers,
        folderOf: (id: string) => join(this.directory, 'containers', id),
      },
    };
    this.#server = new ApiServer({
      routes: [
        ...imageRoutes(backend),
        ...distributionRoutes(backend),
        ...diskUsageRoutes(backend),
        ...pingRoutes(),
        route('POST', '/containers/prune', async (exchange) => {
          this.prunings.push(exchange.query.get('filters') ?? '');
          exchange.json(200, { ContainersDeleted: this.prunedContainers, SpaceReclaimed: 1_000 });
        }),
        route('POST', '/containers/create', async (exchange) => {
          const body = Object(await exchange.jsonBody());
          this.images.get(String(body.Image));
          exchange.json(201, { Id: 'f'.repeat(64), Warnings: [] });
        }),
      ],
      log: createLog(
        () => {},
        () => '',
        'error',
      ),
      serverName: 'test',
    });
    this.client = new EngineClient('test', this.socketPath);
  }

  static async open(images: readonly Image[] = []): Promise<FakeImageApi> {
    const api = new FakeImageApi(images);
    await api.#server.listen(api.socketPath);
    return api;
  }

  get socketPath(): string {
    return join(this.directory, 'api.sock');
  }

  /** One request as any client sends it, with the path as it stands. */
  send(
    method: string,
    path: string,
    { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { socketPath: this.socketPath, method, path, headers },
        async (response) => {
          const chunks: Uint8Array[] = [];
          try {
            for await (const chunk of response) chunks.push(chunk);
          } catch (thrown) {
            reject(thrown);
            return;
          }
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** The body of an answer that must be a good one. */
  async json<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.send(method, path, {
      body: body === undefined ? '' : JSON.stringify(body),
    });
    if (answer.status >= 400) throw new Error(`${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body);
  }

  /** Runs a command of ours; answers its exit code. */
  run(terminal: Terminal, ...args: readonly string[]): Promise<number> {
    return runCommandLine(args, terminal, '0', () => ({
      terminal,
      paths: { dataRoot: this.directory, host: '', socketPath: this.socketPath, logPath: '' },
      engine: this.client,
      presentEngine: this.client,
      startDaemon: () => Promise.reject(new Error('there is one')),
      now: () => this.nowMs,
      isProcessAlive: () => false,
      clientFacts: { version: '0', nodeVersion: '' },
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What clients ask before all else. */
function pingRoutes(): readonly Route[] {
  return ['GET', 'HEAD'].map((method) =>
    route(method, '/_ping', (exchange) => exchange.text('OK')),
  );
}

/** A container that is made of that image. */
export async function containerOf(imageId: string): Promise<ContainerRecord> {
  await using fake = await FakeEngine.open();
  const id = await fake.run();
  const record = fake.engine.containers.get(id);
  return { ...record, config: { ...record.config, imageId } };
}
