import type { Clock } from '../../base/clock.ts';
import { EngineError } from '../../base/engine-error.ts';
import type { Log } from '../../base/log.ts';
import { parseBody } from '../../wire/parse-body.ts';
import { REGISTRY_SERVE_PATH, registryServeBody } from '../../wire/registry-serve.ts';
import type { Exchange } from '../exchange.ts';
import { LineStream } from '../line-stream.ts';
import { type Route, route } from '../route.ts';
import { BasicAuth } from './basic-auth.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { RegistryServer } from './registry-server.ts';
import type { RegistryStore } from './registry-store.ts';

export interface RegistryHostOptions extends Pick<RegistryStore, 'images' | 'isUsed'> {
  readonly clock: Clock;
  readonly log: Log;
}

/** Each is somebody's open request; nobody needs more than a few. */
const MAX_REGISTRIES = 16;

/** The registries that the daemon serves, each for as long as somebody's request is open. */
export class RegistryHost implements AsyncDisposable {
  readonly #options: RegistryHostOptions;
  readonly #open = new Set<RegistryServer>();
  #count = 0;

  constructor(options: RegistryHostOptions) {
    this.#options = options;
  }

  get routes(): readonly Route[] {
    return [route('POST', REGISTRY_SERVE_PATH, (exchange) => this.#serve(exchange))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((server) => server[Symbol.asyncDispose]()));
  }

  async #serve(exchange: Exchange): Promise<void> {
    const body = parseBody(registryServeBody, await exchange.jsonBody());
    const address = parseListenAddress(body.Listen);
    if (!address.isLoopback && !body.Tls && !body.Insecure) throw refusal(address);
    if (this.#count >= MAX_REGISTRIES) {
      throw new EngineError(
        'resource-exhausted',
        `${MAX_REGISTRIES} registries are served already`,
      );
    }
    this.#count += 1;
    try {
      const lines = new LineStream(exchange);
      const { Tls: tls, Credentials: credentials } = body;
      await using server = await RegistryServer.open({
        ...this.#options,
        address,
        isReadOnly: body.ReadOnly,
        auth: credentials && new BasicAuth(credentials.Username, credentials.Password),
        tls: tls && { certificate: tls.Certificate, key: tls.Key },
        tellAccess: (line) => lines.tell(`${JSON.stringify(line)}\n`),
      });
      this.#open.add(server);
      this.#options.log.info('serving a registry', { url: server.url });
      lines.tell(`${JSON.stringify({ url: server.url })}\n`);
      await whenAborted(exchange.gone);
      this.#open.delete(server);
    } finally {
      this.#count -= 1;
    }
  }
}

function refusal({ host, port }: ListenAddress): EngineError {
  return new EngineError(
    'invalid-argument',
    `refusing to serve images on ${host}:${port} without TLS: whoever is on the network could read and change what passes by. Give --tls-cert and --tls-key, or say --insecure if that is what you want`,
  );
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
