import * as v from 'valibot';

/**
 * Our own `POST /registry/serve`: the daemon serves its images as a registry for as long as the
 * request is open. The answer is one JSON object a line: first where it listens, then one for each
 * request that it has answered.
 */
export const REGISTRY_SERVE_PATH = '/registry/serve';

/** Of certificates and keys; chains have some kilobytes. */
export const MAX_PEM_LENGTH = 256 * 1024;
const MAX_CREDENTIAL_LENGTH = 1_024;

const pem = v.pipe(v.string(), v.maxLength(MAX_PEM_LENGTH));
const credential = v.pipe(v.string(), v.maxLength(MAX_CREDENTIAL_LENGTH));

export const registryServeBody = v.object({
  /** An IP address and a port: `127.0.0.1:5000`. */
  Listen: v.pipe(v.string(), v.maxLength(100)),
  ReadOnly: v.optional(v.boolean(), false),
  /** Whether another address than loopback is meant without TLS. */
  Insecure: v.optional(v.boolean(), false),
  Tls: v.optional(v.object({ Certificate: pem, Key: pem })),
  Credentials: v.optional(v.object({ Username: credential, Password: credential })),
});

export type RegistryServeBody = v.InferInput<typeof registryServeBody>;

const accessLine = v.object({
  remote: v.string(),
  method: v.string(),
  path: v.string(),
  status: v.number(),
  /** On the connection, heads included: sent for what reads, received for all else. */
  bytes: v.number(),
  milliseconds: v.number(),
});

const serveLine = v.union([v.object({ url: v.string() }), accessLine]);

export type AccessLine = v.InferOutput<typeof accessLine>;
export type RegistryServeLine = v.InferOutput<typeof serveLine>;

/** Undefined when it is none. */
export function parseRegistryServeLine(line: string): RegistryServeLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not JSON: nothing that the daemon says.
    return undefined;
  }
  const result = v.safeParse(serveLine, value);
  return result.success ? result.output : undefined;
}
