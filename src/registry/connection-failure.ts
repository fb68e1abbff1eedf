/**
 * A request that got no answer, or only a part of one. `words` are for people: they never hold a
 * URL, since URLs of blobs and proxies carry secrets.
 */
export class ConnectionFailure extends Error {
  override readonly name = 'ConnectionFailure';
  readonly host: string;
  /** Whether it may go better the next time. */
  readonly isTransient: boolean;

  constructor(
    host: string,
    words: string,
    options: { readonly isTransient: boolean; readonly cause?: unknown },
  ) {
    super(words, { cause: options.cause });
    this.host = host;
    this.isTransient = options.isTransient;
  }
}

/** A host that gives these has never been there, unless it answered before. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
};

const TRANSIENT: Readonly<Record<string, string>> = {
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'connection closed by peer',
  ETIMEDOUT: 'connection timed out',
  EAI_AGAIN: 'temporary failure in name resolution',
};

/** What a second try would not change. */
const LASTING: Readonly<Record<string, string>> = {
  EPROTO: 'speaks no TLS; if it speaks HTTP, list it among the insecure-registries',
  HPE_HEADER_OVERFLOW: 'answers with headers that are too large',
  ERR_PROXY_TUNNEL: 'the proxy refuses to connect to it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
};

/** Of OpenSSL's verification: nobody whom we trust has signed it. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** TLS alerts by which servers say that they know us not. */
const WANTS_CERTIFICATE = /ALERT.*(CERTIFICATE|UNKNOWN_CA)|CERTIFICATE_REQUIRED/;

/** Makes a failure out of what Node's http, net or tls threw. */
export function connectionFailure(
  host: string,
  thrown: unknown,
  hasAnsweredBefore: boolean,
): ConnectionFailure {
  const code = codeOf(thrown);
  const unreachable = UNREACHABLE[code];
  const words =
    unreachable ??
    TRANSIENT[code] ??
    LASTING[code] ??
    certificateWords(code, host) ??
    `connection failed${code === '' ? '' : ` (${code})`}`;
  const isTransient =
    code in TRANSIENT || code === '' || (unreachable !== undefined && hasAnsweredBefore);
  return new ConnectionFailure(host, words, { isTransient, cause: thrown });
}

function certificateWords(code: string, host: string): string | undefined {
  if (UNTRUSTED.has(code)) {
    return `its certificate is signed by an unknown authority: put that into ${host}/ca.crt in certs.d`;
  }
  if (!WANTS_CERTIFICATE.test(code)) return undefined;
  return `it wants to know a certificate of ours: put that into ${host}/client.cert and client.key in certs.d`;
}

/** Of several addresses that were tried, the last one's. */
function codeOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return codeOf(thrown.errors.at(-1));
  }
  if (!(thrown instanceof Error) || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}
