import { join } from 'node:path';
import { containerRoutes } from '../../src/api/container-routes.ts';
import { execRoutes } from '../../src/api/exec-routes.ts';
import { ApiServer } from '../../src/api/server.ts';
import { systemRoutes } from '../../src/api/system-routes.ts';
import { createLog } from '../../src/base/log.ts';
import { EngineClient, EngineResponseError } from '../../src/cli/engine-client.ts';
import type { ContainerCreateResponse } from '../../src/wire/container-create.ts';
import { FakeEngine } from './fake-engine.ts';

export const GIB = 1024 * 1024 * 1024;

/** A server of the fake engine's, and a client for it. */
export class FakeApi implements AsyncDisposable {
  readonly fake: FakeEngine;
  readonly client: EngineClient;
  /** What all CPUs did so far. */
  cpuNanoseconds = 0;
  readonly #server: ApiServer;

  private constructor(fake: FakeEngine) {
    this.fake = fake;
    const machine = {
      cpuCount: 4,
      memorySizeBytes: 8 * GIB,
      cpuNanoseconds: () => this.cpuNanoseconds,
    };
    this.#server = new ApiServer({
      routes: [
        ...containerRoutes(fake.engine, machine),
        ...execRoutes(fake.engine),
        ...systemRoutes(fake.engine, {
          version: '0',
          buildTime: '',
          os: 'linux',
          architecture: 'amd64',
          kernelVersion: '',
          nodeVersion: '',
          hostname: '',
          cpuCount: 4,
          memorySizeBytes: 8 * GIB,
          daemonPid: 0,
          socketPath: '',
          logPath: '',
          shutdown: () => {},
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

  static async open(): Promise<FakeApi> {
    const api = new FakeApi(await FakeEngine.open());
    await api.#server.listen(api.socketPath);
    return api;
  }

  get socketPath(): string {
    return join(this.fake.dataRoot, 'api.sock');
  }

  get<Answer>(path: string, query = {}): Promise<Answer> {
    return this.client.call<Answer>('GET', path, { query });
  }

  post<Answer = void>(path: string, json?: unknown): Promise<Answer> {
    return this.client.call<Answer>('POST', path, { json });
  }

  create(hostConfig: object): Promise<ContainerCreateResponse> {
    return this.post('/containers/create', { Image: 'image', HostConfig: hostConfig });
  }

  /** Creates and starts one. */
  async run(hostConfig: object = {}): Promise<string> {
    const { Id: id } = await this.create(hostConfig);
    await this.post(`/containers/${id}/start`);
    return id;
  }

  async refusal(act: Promise<unknown>): Promise<readonly [number, string]> {
    try {
      await act;
    } catch (thrown) {
      if (!(thrown instanceof EngineResponseError)) throw thrown;
      return [thrown.status, thrown.message.replace('Error response from daemon: ', '')];
    }
    throw new Error('expected a refusal');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.fake[Symbol.asyncDispose]();
  }
}
