import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileContents, Mounts } from '../compile/compiler-files.ts';
import { runGenerator } from '../generator.ts';
import type { Kitchen } from '../recipe.ts';

/** A source with one or more commands in it. */
export interface ToySource {
  /** `toys/posix/ls.c` */
  readonly path: string;
  readonly text: string;
  readonly commands: readonly string[];
}

export interface ToyboxTree {
  /** Where toybox is unpacked; `mounts` has it as `/src`. */
  readonly folder: string;
  readonly mounts: Mounts;
  readonly toys: readonly ToySource[];
}

/** Of the whole, or of a command: `TOYBOX_FLOAT`, `LS`. */
type Symbols = ReadonlySet<string>;

export function readToys(folder: string): ToySource[] {
  // Standards first, as toybox's own build has them.
  const sections = readdirSync(join(folder, 'toys'), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    .sort()
    .reverse();
  return sections
    .flatMap((section) =>
      readdirSync(join(folder, 'toys', section))
        .filter((name) => name.endsWith('.c'))
        .sort()
        .map((name) => `toys/${section}/${name}`),
    )
    .map((path) => {
      const text = readFileSync(join(folder, path), 'utf8');
      const declarations = text.matchAll(/(?:NEW|OLD)TOY\(\s*([a-z0-9_-]+)/g);
      return { path, text, commands: [...declarations].map(([, name = '']) => name) };
    });
}

/**
 * The headers that toybox's scripts make by shell and sed, out of its sources and a choice of what
 * is to be in it.
 *
 * @param values options that are numbers
 */
export async function generateHeaders(
  tree: ToyboxTree,
  enabled: Symbols,
  values: Readonly<Record<string, number>>,
  kitchen: Kitchen,
): Promise<FileContents> {
  const { folder, mounts, toys } = tree;
  const mainConfig = readFileSync(join(folder, 'Config.in'), 'utf8');
  const toyConfig = toys.map(({ text }) => configLines(text)).join('\n');
  const probed = 'config TOYBOX_ON_ANDROID\n\nconfig TOYBOX_FORK\n';
  const symbols = [mainConfig, toyConfig, probed].flatMap(symbolsOf);
  const headers = {
    'config.h': configHeader(symbols, enabled, values),
    'newtoys.h': commandList(toys),
    'globals.h': globals(toys),
  };
  const files = Object.fromEntries(
    Object.entries(headers).map(([name, text]) => [`/gen/generated/${name}`, Buffer.from(text)]),
  );
  const tags = await runGenerator(kitchen, {
    name: 'mktags',
    sources: ['/src/scripts/mktags.c'],
    mounts,
    stdin: Buffer.from(taggedArrays(tree)),
  });
  const help = await runGenerator(kitchen, {
    name: 'config2help',
    sources: ['/src/scripts/config2help.c'],
    mounts,
    files: {
      '/Config.in': Buffer.from(mainConfig),
      '/generated/Config.in': Buffer.from(toyConfig),
      '/generated/Config.probed': Buffer.from(probed),
      '/.config': Buffer.from([...enabled].map((symbol) => `CONFIG_${symbol}=y\n`).join('')),
      // It includes this, and uses nothing of it.
      '/empty/termios.h': new Uint8Array(),
    },
    flags: ['-I/empty'],
    args: ['Config.in', '.config'],
  });
  return {
    ...files,
    '/gen/generated/flags.h': await flagsHeader(symbols, headers, mounts, kitchen),
    '/gen/generated/tags.h': tags.stdout,
    '/gen/generated/help.h': help.stdout,
  };
}

/** The part of a source's first comment that says how it is configured. */
function configLines(text: string): string {
  const start = text.search(/^config [A-Z]/m);
  const end = text.search(/^\*\//m);
  return start < 0 || end < start ? '' : text.slice(start, end);
}

function symbolsOf(config: string): string[] {
  return [...config.matchAll(/^config ([A-Z0-9_]+)/gm)].map(([, symbol = '']) => symbol);
}

function configHeader(
  symbols: readonly string[],
  enabled: Symbols,
  values: Readonly<Record<string, number>>,
): string {
  const lines = symbols.map((symbol) => {
    const value = values[symbol];
    if (value !== undefined) return `#define CFG_${symbol} ${value}\n`;
    const isEnabled = enabled.has(symbol);
    const use = isEnabled ? ' __VA_ARGS__' : '';
    return `#define CFG_${symbol} ${isEnabled ? 1 : 0}\n#define USE_${symbol}(...)${use}\n`;
  });
  return lines.join('');
}

/** All commands, in the order in which they are searched: of their names. */
function commandList(toys: readonly ToySource[]): string {
  const found = toys.flatMap(({ text }) => [...text.matchAll(/^USE_[^(]*\(.*TOY\(([^,]*),.*$/gm)]);
  const lines = found
    .map(([line, name = '']) => ({ line, name }))
    .sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
    .map(({ line }) => `${line}\n`);
  return `USE_TOYBOX(NEWTOY(toybox, 0, TOYFLAG_STAYROOT|TOYFLAG_NOHELP))\n${lines.join('')}`;
}

/** A struct for each source, and a union of them all. */
function globals(toys: readonly ToySource[]): string {
  const structs = toys.flatMap(({ path, text }) => {
    const body = /^GLOBALS\(([\s\S]*?)^\)/m.exec(text)?.[1];
    const name = path.replace(/^.*\/(.*)\.c$/, '$1');
    return body === undefined ? [] : [{ name, body }];
  });
  const declarations = structs.map(({ name, body }) => `struct ${name}_data {${body}};\n`);
  const members = structs.map(({ name }) => `\tstruct ${name}_data ${name};\n`);
  return `${declarations.join('')}extern union global_union {\n${members.join('')}} this;\n`;
}

/** What mktags reads: the arrays with their tag in place of the first line. */
function taggedArrays({ folder, toys }: ToyboxTree): string {
  const library = readdirSync(join(folder, 'lib'))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => readFileSync(join(folder, 'lib', name), 'utf8'));
  const arrays = [...toys.map(({ text }) => text), ...library].flatMap((text) => [
    ...text.matchAll(/^.*TAGGED_ARRAY\(([^,\n]*),([\s\S]*?^\).*\n)/gm),
  ]);
  return arrays.map(([, tag, rest]) => `${tag}${rest}`).join('');
}

/**
 * What mkflags reads are lines of a command, its options as it is configured, and its options if
 * all were configured; the preprocessor knows both.
 */
async function flagsHeader(
  symbols: readonly string[],
  headers: Readonly<Record<'config.h' | 'newtoys.h', string>>,
  mounts: Mounts,
  kitchen: Kitchen,
): Promise<Uint8Array> {
  const everything = configHeader(symbols, new Set(symbols), {});
  const optionsBy = async (config: string): Promise<ReadonlyMap<string, string>> => {
    const text = `#define NEWTOY(name, options, flags) name @ options
#define OLDTOY(...)
${config}
#include "/src/lib/toyflags.h"
${headers['newtoys.h']}`;
    const files = { '/in/toys.c': Buffer.from(text) };
    const args = ['clang', '--target=wasm32-wasip1', '-E', '-P', '/in/toys.c'];
    const { exitCode, stdout, stderr } = await kitchen.toolchain.run({ args, files, mounts });
    if (exitCode !== 0) throw new Error(`cannot list toybox's options:\n${stderr}`);
    const lines = Buffer.from(stdout).toString().split('\n');
    return new Map(
      lines
        .filter((line) => line.includes(' @ '))
        .map((line) => {
          const [name = '', options = ''] = line.split(' @ ');
          const glued = options.replaceAll(/" *"/g, '').trim();
          return [name.trim(), glued.startsWith('"') ? glued : '" "'];
        }),
    );
  };
  const chosen = await optionsBy(headers['config.h']);
  const all = await optionsBy(everything);
  const lines = [...all].map(
    ([name, options]) => `${name} ${chosen.get(name) ?? '" "'} ${options}\n`,
  );
  const { stdout } = await runGenerator(kitchen, {
    name: 'mkflags',
    sources: ['/src/scripts/mkflags.c'],
    mounts,
    stdin: Buffer.from(lines.sort().join('')),
  });
  return stdout;
}
