import { isIP, isIPv6 } from 'node:net';
import { EngineError } from '../../base/engine-error.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Whether programs of this machine alone can reach it. */
  readonly isLoopback: boolean;
}

const MAX_PORT = 65_535;

/**
 * `127.0.0.1:5000`, `[::1]:5000`, `localhost:5000`; `:5000` is on all addresses, port 0 a free one.
 *
 * # Errors: invalid-argument
 */
export function parseListenAddress(text: string): ListenAddress {
  const found = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const [, bracketed, plain = '', portText = ''] = found ?? [];
  const host = bracketed ?? (plain === 'localhost' ? '127.0.0.1' : plain || '0.0.0.0');
  const port = Number(portText);
  const isAddress = bracketed === undefined ? isIP(host) === 4 : isIPv6(host);
  if (!found || !isAddress || port > MAX_PORT) {
    throw new EngineError(
      'invalid-argument',
      `invalid address to listen on: ${JSON.stringify(text)}: give an IP address and a port, such as 127.0.0.1:5000`,
    );
  }
  return { host, port, isLoopback: isLoopbackHost(host) };
}

/** An address of this machine's own network, or the name for it; without the port. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}
