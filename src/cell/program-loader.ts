import { EngineError } from '../base/engine-error.ts';
import { ERRNO, Errno } from '../base/errno.ts';
import { findExecutable, findInPath } from '../kernel/executable-path.ts';
import { accessorOf, mayAccess } from '../kernel/permissions.ts';
import type { Process } from '../kernel/process.ts';
import type { ProgramLoader, ProgramRequest } from '../kernel/program.ts';
import { ACCESS } from '../vfs/access.ts';
import type { Location } from '../vfs/path-walk.ts';
import { LoadedProgram, type ProgramStart } from './loaded-program.ts';
import type { ProgramCache } from './program-cache.ts';

/** As Linux: how much of a script is looked at for its first line (BINPRM_BUF_SIZE). */
const MAX_INTERPRETER_LINE = 256;
/** As Linux: how many interpreters may be scripts themselves. */
const MAX_INTERPRETERS = 4;
/** As Linux's default: a quarter of an 8 MiB stack (execve(2)). */
const MAX_ARGUMENT_BYTES = 2 * 1024 * 1024;

/** Finds and compiles programs for the processes of a cell. */
export class CellProgramLoader implements ProgramLoader {
  readonly #programs: ProgramCache;

  constructor(programs: ProgramCache) {
    this.#programs = programs;
  }

  load(process: Process, request: ProgramRequest): LoadedProgram {
    const { files } = process.system;
    const { workingDirectory } = process;
    checkSize(request);
    const by = accessorOf(process.credentials);
    const executable =
      request.search && !request.path.includes('/')
        ? findInPath(files, workingDirectory, request.path, searchPathOf(request))
        : files.resolve({ start: workingDirectory, path: request.path, by }, true);
    if (!executable) throw ERRNO.ENOENT;
    if (executable.node.kind !== 'regular') throw ERRNO.EACCES;
    if (!mayAccess(executable.node.attributes(), process.credentials, ACCESS.execute)) {
      throw ERRNO.EACCES;
    }
    const path = request.path.includes('/') ? request.path : executable.path;
    try {
      const { args, env } = request;
      return this.#load(process, executable, { path, name: nameOf(request.path), args, env });
    } catch (thrown) {
      if (thrown instanceof EngineError) throw ERRNO_OF_KIND[thrown.kind] ?? ERRNO.ENOEXEC;
      throw thrown;
    }
  }

  /**
   * The same for a command from outside. A module need not be marked as executable there: images
   * made by other tools often have none that is.
   *
   * # Errors: EngineErrors, in Docker's words
   */
  loadCommand(process: Process, args: readonly string[], env: readonly string[]): LoadedProgram {
    const { files } = process.system;
    const [command] = args;
    if (command === undefined) throw new EngineError('invalid-argument', 'no command specified');
    const executable = findExecutable(files, process.workingDirectory, command, env);
    const path = command.includes('/') ? command : executable.path;
    try {
      return this.#load(process, executable, { path, name: nameOf(command), args, env });
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      // A script's interpreter.
      const kind = thrown === ERRNO.ENOENT ? 'not-found' : 'permission-denied';
      const words =
        thrown === ERRNO.ENOENT ? 'no such file or directory' : `${thrown.name}: permission denied`;
      throw new EngineError(kind, `exec: "${command}": ${words}`);
    }
  }

  #load(process: Process, executable: Location, start: ProgramStart): LoadedProgram {
    const { files } = process.system;
    let found = executable;
    let { args, path } = start;
    for (let count = 0; count <= MAX_INTERPRETERS; count++) {
      const known = this.#programs.find(found);
      const interpreter = known ? undefined : interpreterOf(found);
      if (interpreter === undefined) {
        const program = known ?? this.#programs.load(found, path);
        return new LoadedProgram(program, { ...start, path: found.path, args });
      }
      args = [...interpreter, path, ...args.slice(1)];
      path = interpreter[0] ?? '';
      found = files.resolve({ start: process.workingDirectory, path }, true);
      if (found.node.kind !== 'regular') throw ERRNO.EACCES;
    }
    throw ERRNO.ELOOP;
  }
}

const ERRNO_OF_KIND: Readonly<Partial<Record<EngineError['kind'], Errno>>> = {
  'permission-denied': ERRNO.EACCES,
  'resource-exhausted': ERRNO.ENOMEM,
};

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function searchPathOf({ searchPath, env }: ProgramRequest): readonly string[] {
  return searchPath === undefined ? env : [`PATH=${searchPath}`];
}

function checkSize({ args, env }: ProgramRequest): void {
  let size = 0;
  for (const text of [...args, ...env]) size += text.length + 1;
  if (size > MAX_ARGUMENT_BYTES) throw ERRNO.E2BIG;
}

/** The words after `#!` in a script's first line: the interpreter, and at most one argument. */
function interpreterOf(executable: Location): readonly string[] | undefined {
  const file = executable.node.open({ read: true, write: false, truncate: false });
  try {
    const head = new Uint8Array(MAX_INTERPRETER_LINE);
    const count = file.readAt(head, 0);
    if (count < 2 || head[0] !== HASH || head[1] !== EXCLAMATION) return undefined;
    const [line = ''] = new TextDecoder().decode(head.subarray(2, count)).split('\n', 1);
    const [, program, argument] = /^[ \t]*([^ \t\0]+)[ \t]*(.*?)[ \t\r]*$/.exec(line) ?? [];
    if (program === undefined) throw ERRNO.ENOEXEC;
    return argument ? [program, argument] : [program];
  } finally {
    file.close();
  }
}

const HASH = 0x23;
const EXCLAMATION = 0x21;
