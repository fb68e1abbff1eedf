import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** How long something may take to be seen on a screen. */
const PATIENCE_MS = 20_000;

/** Why there can be no screens here; undefined when there can. */
export function tmuxAbsence(): string | undefined {
  const { status } = spawnSync('tmux', ['-V']);
  return status === 0 ? undefined : 'there is no tmux';
}

/** A terminal with somebody before it: a tmux server of its own with one pane, a plain sh in it. */
export class Screen implements Disposable {
  readonly #socket: string;
  readonly #env: NodeJS.ProcessEnv;

  /** `directory` is where the socket and the shell are. */
  constructor(directory: string, env: NodeJS.ProcessEnv, columns = 80, rows = 24) {
    this.#socket = join(directory, `tmux-${randomUUID().slice(0, 8)}.sock`);
    this.#env = { ...env, PS1: '$ ', ENV: '', TERM: 'screen', LC_ALL: 'C.UTF-8' };
    const size = sizeFlags(columns, rows);
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-c', directory, ...size, 'sh');
    this.#tmux('set', '-g', 'window-size', 'manual');
  }

  /** What is on the screen, lines without their trailing blanks. */
  get text(): string {
    return this.#tmux('capture-pane', '-p')
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  /** Types text as it is. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Types a line, and the key that ends it. */
  line(text: string): void {
    this.type(text);
    this.keys('Enter');
  }

  /** Keys by their names: `C-c`, `Enter`, `BSpace`. */
  keys(...names: readonly string[]): void {
    this.#tmux('send-keys', ...names);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', ...sizeFlags(columns, rows));
  }

  /** Forgets what is on the screen. */
  clear(): void {
    this.line('clear');
  }

  /** Waits until the screen fits; answers it. */
  async shows(wanted: string | RegExp): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const { text } = this;
      if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return text;
      if (performance.now() > deadline) throw new Error(`not seen: ${wanted} on\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-S', this.#socket, ...args], {
      env: this.#env,
    });
    if (status === 0) return stdout.toString();
    throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
  }
}

function sizeFlags(columns: number, rows: number): string[] {
  return ['-x', String(columns), '-y', String(rows)];
}
