import { lookup } from 'node:dns/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { type HostCertificates, readHostCertificates } from './certificates.ts';
import type { RegistrySettings } from './contract.ts';
import { proxyVariables } from './proxies.ts';

/** Connections to one host at once; more wait. Above what pulls and pushes have under way. */
const MAX_SOCKETS_PER_HOST = 64;
const MAX_SOCKETS = 256;
/** Kept open for the next request. */
const MAX_IDLE_SOCKETS = 8;
/** Firewalls on the way forget longer silences, and tell nobody. */
const IDLE_SOCKET_MS = 60_000;
/** Hosts with agents of their own; beyond them the oldest is given up. */
const MAX_HOSTS = 64;

/** Addresses of a name. */
export type LookUp = (name: string) => Promise<readonly string[]>;

type TrustSettings = Pick<
  RegistrySettings,
  'insecureRegistries' | 'certificateDirectories' | 'environment'
>;

/**
 * How far hosts are trusted, and the connections to them. A `host` here is `name[:port]`, as in
 * URLs.
 *
 * Loopback is insecure unless it has certificates of its own in `certs.d`: who put them there wants
 * them checked.
 */
export class HostTrust {
  readonly #settings: TrustSettings;
  readonly #lookUp: LookUp;
  readonly #names: ReadonlySet<string>;
  readonly #ranges = new BlockList();
  readonly #hasRanges: boolean;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();
  #publicAuthorities: readonly string[] | undefined;
  #publicContext: SecureContext | undefined;

  constructor(settings: TrustSettings, lookUp: LookUp = lookUpAll) {
    this.#settings = settings;
    this.#lookUp = lookUp;
    const ranges = settings.insecureRegistries.filter((entry) => entry.includes('/'));
    this.#names = new Set(
      settings.insecureRegistries
        .filter((entry) => !entry.includes('/'))
        .map((name) => name.toLowerCase()),
    );
    this.#hasRanges = ranges.length > 0;
    for (const range of ranges) addRange(this.#ranges, range);
  }

  /** Whether HTTP and any certificate will do. */
  async isInsecure(host: string): Promise<boolean> {
    const { name, address } = splitHost(host);
    if (this.#names.has(host) || this.#names.has(name)) return true;
    if (isLoopback(host)) return this.#certificates(host) === undefined;
    if (!this.#hasRanges) return false;
    // As Docker has it: a name is in a range when one of its addresses is.
    const addresses = isIP(address) ? [address] : await this.#lookUp(address);
    return addresses.some((each) => this.#ranges.check(each, isIPv6(each) ? 'ipv6' : 'ipv4'));
  }

  /** # Errors: invalid-argument: certificates or a proxy that cannot be used. */
  async agentFor(url: URL): Promise<HttpAgent | HttpsAgent> {
    const isInsecure = this.#agents.has(url.origin) || (await this.isInsecure(url.host));
    const known = this.#agents.get(url.origin);
    if (known) return known;
    const agent = this.#makeAgent(url, isInsecure);
    this.#agents.set(url.origin, agent);
    for (const origin of this.#agents.keys()) {
      if (this.#agents.size <= MAX_HOSTS) break;
      this.#giveUp(origin);
    }
    return agent;
  }

  /** The next connection is made with what `certs.d` has then. */
  forget(host: string): void {
    for (const scheme of ['http:', 'https:']) this.#giveUp(`${scheme}//${host}`);
  }

  /** Not destroyed: what is under way ends, and idle connections do some time later. */
  #giveUp(origin: string): void {
    const agent = this.#agents.get(origin);
    if (agent) agent.maxFreeSockets = 0;
    this.#agents.delete(origin);
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #makeAgent(url: URL, isInsecure: boolean): HttpAgent | HttpsAgent {
    const options = {
      keepAlive: true,
      maxSockets: MAX_SOCKETS_PER_HOST,
      maxTotalSockets: MAX_SOCKETS,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      // Only of idle ones: what is under way has its own deadline.
      timeout: IDLE_SOCKET_MS,
      // As every client has it: no proxy knows our loopback.
      ...(isLoopback(url.host) ? {} : { proxyEnv: proxyVariables(this.#settings.environment) }),
    };
    return url.protocol === 'http:'
      ? new HttpAgent(options)
      : new HttpsAgent({ ...options, ...this.#tlsOptions(url.host, isInsecure) });
  }

  #tlsOptions(host: string, isInsecure: boolean) {
    const own = this.#certificates(host);
    if (own === undefined) {
      if (isInsecure) return { rejectUnauthorized: false };
      this.#publicContext ??= createSecureContext({ ca: [...this.#authorities()] });
      return { secureContext: this.#publicContext };
    }
    return { rejectUnauthorized: !isInsecure, secureContext: this.#contextFor(host, own) };
  }

  #contextFor(host: string, own: HostCertificates): SecureContext {
    const ca = [...this.#authorities(), ...own.authorities];
    const cert = [...own.clientCertificates];
    try {
      return createSecureContext(cert.length > 0 ? { ca, cert, key: [...own.clientKeys] } : { ca });
    } catch (thrown) {
      throw new EngineError(
        'invalid-argument',
        `certificates for ${host} in certs.d are no PEM, or do not belong together: ${messageOf(thrown)}`,
      );
    }
  }

  #certificates(host: string): HostCertificates | undefined {
    return readHostCertificates(this.#settings.certificateDirectories, host);
  }

  /** Node's own list and the system's, to which companies add theirs; read once, some 100 ms. */
  #authorities(): readonly string[] {
    this.#publicAuthorities ??= [
      ...new Set([...getCACertificates('default'), ...getCACertificates('system')]),
    ];
    return this.#publicAuthorities;
  }
}

export function isLoopback(host: string): boolean {
  const { address } = splitHost(host.toLowerCase());
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

/** `[::1]:5000` is named `[::1]`, its address is `::1`. */
function splitHost(host: string): { readonly name: string; readonly address: string } {
  const name = host.replace(/:\d+$/, '');
  return { name, address: name.replace(/^\[(.*)\]$/, '$1') };
}

function addRange(ranges: BlockList, range: string): void {
  const [address = '', bits = ''] = range.split('/');
  try {
    ranges.addSubnet(address, /^\d+$/.test(bits) ? Number(bits) : -1, familyOf(address));
  } catch (thrown) {
    throw new EngineError('invalid-argument', `insecure registry ${range} is no range (CIDR)`, {
      cause: thrown,
    });
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

async function lookUpAll(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    // Whoever connects to it next says that there is no such host.
    return [];
  }
}
