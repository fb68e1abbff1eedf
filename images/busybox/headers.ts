import type { FileContents, Mounts } from '../compile/compiler-files.ts';
import { runGenerator } from '../generator.ts';
import type { Kitchen } from '../recipe.ts';
import type { OptionValue } from './kconfig.ts';
import type { BusyboxTree } from './tree.ts';

export interface BusyboxHeaders {
  /** Under `/gen`. */
  readonly files: FileContents;
  /** The names of its commands, in their order. */
  readonly commands: readonly string[];
}

/** As many as a search begins at; busybox' own table generator has the same. */
const SEARCH_STARTS = 8;

/** The headers that busybox' build makes by shell, sed and programs in C. */
export async function busyboxHeaders(
  tree: BusyboxTree,
  values: ReadonlyMap<string, OptionValue>,
  mounts: Mounts,
  kitchen: Kitchen,
): Promise<BusyboxHeaders> {
  const files: Record<string, Uint8Array> = {
    '/gen/autoconf.h': Buffer.from(configHeader(values)),
    '/gen/applets.h': Buffer.from(tree.applets),
    '/gen/usage.h': Buffer.from(tree.usage),
    '/gen/bbconfigopts.h': new Uint8Array(),
    '/gen/embedded_scripts.h': new Uint8Array(),
    '/gen/common_bufsiz.h': Buffer.from(
      'enum { COMMON_BUFSIZE = 1024 };\nextern char bb_common_bufsiz1[];\n' +
        '#define setup_common_bufsiz() ((void)0)\n',
    ),
  };
  const applets = await listApplets(files, mounts, kitchen);
  files['/gen/applet_tables.h'] = Buffer.from(appletTables(applets));
  files['/gen/NUM_APPLETS.h'] = Buffer.from(`#define NUM_APPLETS ${applets.length}\n`);
  const usage = await runGenerator(kitchen, {
    name: 'usage',
    sources: ['/src/applets/usage.c'],
    mounts,
    files,
    flags: ['-I/gen', '-I/src/include'],
  });
  files['/gen/usage_compressed.h'] = Buffer.from(
    `#define UNPACKED_USAGE "" \\\n${asLiterals(usage.stdout)}\n\n` +
      `#define UNPACKED_USAGE_LENGTH ${usage.stdout.length}\n`,
  );
  return { files, commands: applets.map(({ name }) => name) };
}

function configHeader(values: ReadonlyMap<string, OptionValue>): string {
  const lines = [...values].map(([name, value]) => {
    const isOn = value !== 'n';
    const define = isOn ? `#define CONFIG_${name} ${value === 'y' ? 1 : value}\n` : '';
    const [then, otherwise] = isOn ? [' __VA_ARGS__', ''] : ['', ' __VA_ARGS__'];
    return `${define}#define ENABLE_${name} ${isOn ? 1 : 0}
#define IF_${name}(...)${then}
#define IF_NOT_${name}(...)${otherwise}
`;
  });
  return `${lines.join('')}#define AUTOCONF_TIMESTAMP ""\n`;
}

interface Applet {
  readonly name: string;
  readonly main: string;
}

/** The preprocessor knows which commands are configured. */
async function listApplets(
  files: FileContents,
  mounts: Mounts,
  { toolchain }: Kitchen,
): Promise<Applet[]> {
  const text = '#include "autoconf.h"\n#define NAME_MAIN\n#include "applets.h"\n';
  const { exitCode, stdout, stderr } = await toolchain.run({
    args: ['clang', '--target=wasm32-wasip1', '-E', '-P', '-I/gen', '-I/src/include', '/in/list.c'],
    files: { ...files, '/in/list.c': Buffer.from(text) },
    mounts,
  });
  if (exitCode !== 0) throw new Error(`cannot list busybox' commands:\n${stderr}`);
  const words = Buffer.from(stdout).toString().split(/\s+/).filter(Boolean);
  const applets: Applet[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    applets.push({ name: words[at] ?? '', main: words[at + 1] ?? '' });
  }
  return applets.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function appletTables(applets: readonly Applet[]): string {
  const starts: number[] = [];
  let offset = 0;
  for (const [index, { name }] of applets.entries()) {
    for (let start = 1; start < SEARCH_STARTS; start++) {
      if (index === Math.floor((start * applets.length) / SEARCH_STARTS)) starts.push(offset);
    }
    offset += name.length + 1;
  }
  return `#define NUM_APPLETS ${applets.length}
#define KNOWN_APPNAME_OFFSETS ${SEARCH_STARTS}
const uint16_t applet_nameofs[] ALIGN2 = {${starts.join(', ')}};
const char applet_names[] ALIGN1 = ""
${applets.map(({ name }) => `"${name}\\0"`).join('\n')};
${applets
  .map(({ name }, index) => ({ name, index }))
  .filter(({ name }) => /^\w+$/.test(name))
  .map(({ name, index }) => `#define APPLET_NO_${name} ${index}\n`)
  .join('')}
#ifndef SKIP_applet_main
int (*const applet_main[])(int argc, char **argv) = {
${applets.map(({ main }) => main).join(',\n')}
};
#endif
`;
}

const BYTES_A_LINE = 40;

/** Bytes as string literals, one a line, for a macro. */
function asLiterals(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    const piece = [...bytes.subarray(at, at + BYTES_A_LINE)];
    lines.push(`"${piece.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}" \\`);
  }
  return lines.join('\n');
}
