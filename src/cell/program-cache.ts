import { EngineError } from '../base/engine-error.ts';
import { Errno } from '../base/errno.ts';
import { ADMISSION_LIMITS } from '../rewrite/admit.ts';
import type { Location } from '../vfs/path-walk.ts';
import type { CellHost } from './cell-host.ts';
import { type Linker, type Program, prepareProgram } from './program.ts';
import type { RewriteCache } from './rewrite-cache.ts';

/**
 * Compiled modules are large and cells live as long as their containers: the least recently used
 * go.
 */
const MAX_PROGRAMS = 16;

/**
 * The programs that this cell has compiled, by their content; a container's start is fast because
 * its image's are here.
 */
export class ProgramCache {
  readonly #linker: Linker;
  readonly #rewrites: RewriteCache;
  readonly #host: CellHost;
  readonly #programs = new Map<string, Program>();

  constructor(linker: Linker, rewrites: RewriteCache, host: CellHost) {
    this.#linker = linker;
    this.#rewrites = rewrites;
    this.#host = host;
  }

  /** One that is compiled already, as far as that can be told without reading the file. */
  find({ node }: Location): Program | undefined {
    return node.contentId === undefined ? undefined : this.#use(node.contentId);
  }

  /**
   * # Errors: invalid-argument (`exec format error: …`), permission-denied when the file cannot be
   * read.
   */
  load(executable: Location, command: string): Program {
    const found = this.find(executable);
    if (found) return found;
    const bytes = readAll(executable, command);
    const key = executable.node.contentId ?? this.#host.sha256(bytes);
    const known = this.#use(key);
    if (known) return known;
    const program = this.#prepare(key, bytes, command);
    this.#programs.set(key, program);
    for (const oldest of this.#programs.keys()) {
      if (this.#programs.size <= MAX_PROGRAMS) break;
      this.#programs.delete(oldest);
    }
    return program;
  }

  #prepare(key: string, bytes: Uint8Array<ArrayBuffer>, command: string): Program {
    try {
      return prepareProgram(this.#rewrites.rewrite(key, bytes), this.#linker);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      throw new EngineError(thrown.kind, `exec: "${command}": ${thrown.message}`, {
        cause: thrown,
      });
    }
  }

  #use(key: string): Program | undefined {
    const program = this.#programs.get(key);
    if (!program) return undefined;
    this.#programs.delete(key);
    this.#programs.set(key, program);
    return program;
  }
}

function readAll(executable: Location, command: string): Uint8Array<ArrayBuffer> {
  try {
    const file = executable.node.open({ read: true, write: false, truncate: false });
    try {
      const { sizeBytes } = file.attributes();
      if (sizeBytes > ADMISSION_LIMITS.moduleSizeBytes) {
        throw new EngineError(
          'invalid-argument',
          `exec: "${command}": exec format error: ${sizeBytes} bytes are more than ${ADMISSION_LIMITS.moduleSizeBytes}`,
        );
      }
      const bytes = new Uint8Array(sizeBytes);
      let filled = 0;
      while (filled < bytes.length) {
        const count = file.readAt(bytes.subarray(filled), filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    } finally {
      file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof Errno)) throw thrown;
    throw new EngineError(
      'permission-denied',
      `exec: "${command}": cannot be read (${thrown.name}): permission denied`,
    );
  }
}
