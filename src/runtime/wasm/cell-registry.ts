import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Remembers on disk which processes are our cells, so that a daemon that was killed leaves none
 * behind: the next one ends them. A process is named by its id and its birth time, for ids are used
 * again.
 */
export class CellRegistry {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens the registry and ends the cells that an earlier daemon left; answers how many there were.
   */
  static open(folder: string): { registry: CellRegistry; endedCount: number } {
    mkdirSync(folder, { recursive: true });
    let endedCount = 0;
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const pid = Number(name);
      const birth = readFileSync(path, 'utf8');
      if (Number.isInteger(pid) && birth !== '' && birthOfProcess(pid) === birth) {
        process.kill(pid, 'SIGKILL');
        endedCount += 1;
      }
      rmSync(path, { force: true });
    }
    return { registry: new CellRegistry(folder), endedCount };
  }

  add(pid: number): void {
    writeFileSync(join(this.#folder, String(pid)), birthOfProcess(pid) ?? '');
  }

  remove(pid: number): void {
    rmSync(join(this.#folder, String(pid)), { force: true });
  }
}

/**
 * When the process began, in whatever form its system tells; undefined when there is none or it
 * cannot be known.
 */
function birthOfProcess(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // Field 22 of /proc/pid/stat (proc(5)); the name in field 2 may hold spaces and brackets.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    // Windows ends the children of a killed parent's job by itself where there is one; there is
    // nothing to ask.
    if (process.platform === 'win32') return undefined;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    // No such process: what was asked is answered.
    return undefined;
  }
}
