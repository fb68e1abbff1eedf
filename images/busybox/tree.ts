import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * busybox' sources, in whose comments stands what belongs to a command: how it is configured
 * (`//config:`), listed (`//applet:`), explained (`//usage:`) and compiled (`//kbuild:`).
 */
export class BusyboxTree {
  readonly #folder: string;
  /** Folders with sources, relative to the root. */
  readonly #folders: readonly string[];

  constructor(folder: string) {
    this.#folder = folder;
    this.#folders = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => /(^|\/)Kbuild\.src$/.test(path))
      .map((path) => path.replace(/\/?Kbuild\.src$/, ''))
      .filter((path) => path !== '' && !path.startsWith('scripts'))
      .sort();
  }

  /** All texts of the configuration. */
  get configurations(): string[] {
    const main = readFileSync(join(this.#folder, 'Config.in'), 'utf8');
    return [main, ...this.#folders.map((folder) => this.#filled(folder, 'Config.src', 'config'))];
  }

  /** `applets.h` with the lines of all commands. */
  get applets(): string {
    const lines = this.#folders.flatMap((folder) => this.#annotations(folder, 'applet'));
    return insert(this.#read('include/applets.src.h'), lines);
  }

  /** `usage.h`: macros of several lines, each of which begins at the left. */
  get usage(): string {
    const lines = this.#folders.flatMap((folder) => this.#annotations(folder, 'usage'));
    const text = lines.map((line) => (/^[ \t]/.test(line) ? `${line} \\` : `\n${line} \\`));
    return insert(this.#read('include/usage.src.h'), text);
  }

  /** The sources that a configuration asks for. */
  sources(isEnabled: (option: string) => boolean): string[] {
    const found = this.#folders.flatMap((folder) => {
      const text = this.#filled(folder, 'Kbuild.src', 'kbuild').replaceAll(/\\\n/g, ' ');
      const variables = new Map(
        [...text.matchAll(/^([A-Z_]+)\s*:=(.*)$/gm)].map(([, name = '', list = '']) => [
          name,
          list,
        ]),
      );
      const rules = text.matchAll(/^ *(?:lib|obj)-(?:y|\$\(CONFIG_(\w+)\))\s*[+:]?=(.*)$/gm);
      return [...rules].flatMap(([, option, list = '']) => {
        if (option !== undefined && !isEnabled(option)) return [];
        const expanded = list.replaceAll(/\$\((\w+)\)/g, (_, name) => variables.get(name) ?? '');
        const objects = expanded.replace(/#.*$/, '').match(/[\w-]+\.o\b/g) ?? [];
        return objects.map((object) => `${folder}/${object.replace(/\.o$/, '.c')}`);
      });
    });
    return [...new Set(found)].filter((path) => existsSync(join(this.#folder, path)));
  }

  #read(path: string): string {
    return readFileSync(join(this.#folder, path), 'utf8');
  }

  #filled(folder: string, name: string, kind: string): string {
    const path = join(folder, name);
    if (!existsSync(join(this.#folder, path))) return '';
    return insert(this.#read(path), this.#annotations(folder, kind));
  }

  #annotations(folder: string, kind: string): string[] {
    const prefix = `//${kind}:`;
    return readdirSync(join(this.#folder, folder))
      .filter((name) => name.endsWith('.c'))
      .sort()
      .flatMap((name) => this.#read(`${folder}/${name}`).split('\n'))
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length));
  }
}

function insert(text: string, lines: readonly string[]): string {
  return text.replace(/^INSERT$/m, () => lines.join('\n'));
}
