import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Passes connections on to another port of loopback, and breaks them when it is told to. */
export class BreakingProxy implements AsyncDisposable {
  readonly #server = createServer((client) => this.#pass(client));
  readonly #sockets = new Set<Socket>();
  readonly #targetPort: number;
  #breaks: { readonly direction: 'up' | 'down'; readonly afterBytes: number; times: number } = {
    direction: 'up',
    afterBytes: 0,
    times: 0,
  };
  /** How many connections were broken. */
  brokenCount = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  /** `target`: `127.0.0.1:PORT` */
  static async start(target: string): Promise<BreakingProxy> {
    const proxy = new BreakingProxy(Number(target.split(':')[1]));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get host(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  /** The next `times` that so much has passed over a connection (`up`: to the server) it breaks. */
  breakNext(direction: 'up' | 'down', afterBytes: number, times = 1): void {
    this.#breaks = { direction, afterBytes, times };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: Socket): void {
    const server = connect(this.#targetPort, '127.0.0.1');
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', cut).on('close', cut);
    }
    const watch = (direction: 'up' | 'down', source: Socket, target: Socket): void => {
      let passedBytes = 0;
      source.on('data', (chunk: Buffer) => {
        passedBytes += chunk.length;
        const breaks = this.#breaks;
        const isOver = breaks.direction === direction && passedBytes > breaks.afterBytes;
        if (isOver && breaks.times > 0) {
          breaks.times--;
          this.brokenCount++;
          cut();
          return;
        }
        if (!target.write(chunk)) source.pause();
      });
      target.on('drain', () => source.resume());
    };
    watch('up', client, server);
    watch('down', server, client);
  }
}
