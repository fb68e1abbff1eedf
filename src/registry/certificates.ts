import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, messageOf } from '../base/engine-error.ts';

/** What a folder of `certs.d` holds for one host, in PEM. */
export interface HostCertificates {
  /** Trusted besides the system's. */
  readonly authorities: readonly string[];
  /** With which we show who we are; as many keys as certificates. */
  readonly clientCertificates: readonly string[];
  readonly clientKeys: readonly string[];
}

/** A bundle of all public authorities has 0.3 MiB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 100;

/** What may be the name of such a folder: hosts come from strangers' answers, too. */
const FOLDER_NAME = /^[A-Za-z0-9[][A-Za-z0-9.:[\]-]*$/;

/**
 * Reads the first folder that there is for the host (`registry.example:5000`): `*.crt` are
 * authorities, `NAME.cert` and `NAME.key` belong together. Undefined when there is none.
 * https://docs.docker.com/engine/security/certificates/
 *
 * # Errors
 * invalid-argument: a file that cannot be read or is too large; a certificate without its key
 */
export function readHostCertificates(
  directories: readonly string[],
  host: string,
): HostCertificates | undefined {
  if (!FOLDER_NAME.test(host)) return undefined;
  for (const directory of directories) {
    const folder = join(directory, host);
    const names = namesIn(folder);
    if (names.length > 0) return readFolder(folder, names);
  }
  return undefined;
}

function namesIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (thrown) {
    if (isAbsent(thrown)) return [];
    throw unreadable(folder, messageOf(thrown));
  }
  const wanted = names.filter((name) => /\.(crt|cert|key)$/.test(name)).sort();
  if (wanted.length > MAX_FILES) throw unreadable(folder, `more than ${MAX_FILES} files`);
  return wanted;
}

function readFolder(folder: string, names: readonly string[]): HostCertificates {
  const certificates = names.filter((name) => name.endsWith('.cert'));
  const keys = names.filter((name) => name.endsWith('.key'));
  const keyOf = (name: string): string => name.replace(/\.cert$/, '.key');
  for (const name of certificates) {
    if (!keys.includes(keyOf(name))) {
      throw unreadable(
        folder,
        `missing key ${keyOf(name)} for client certificate ${name} (authorities are named *.crt)`,
      );
    }
  }
  for (const name of keys) {
    if (!certificates.some((certificate) => keyOf(certificate) === name)) {
      throw unreadable(folder, `missing client certificate for key ${name}`);
    }
  }
  const read = (name: string): string => readPem(join(folder, name));
  return {
    authorities: names.filter((name) => name.endsWith('.crt')).map(read),
    clientCertificates: certificates.map(read),
    clientKeys: certificates.map((name) => read(keyOf(name))),
  };
}

function readPem(path: string): string {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw new Error('no file of PEM');
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw unreadable(path, messageOf(thrown));
  }
}

function isAbsent(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  // Folders that are for root alone are not for us.
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(String(thrown.code));
}

function unreadable(path: string, reason: string): EngineError {
  return new EngineError('invalid-argument', `cannot read certificates of ${path}: ${reason}`);
}
