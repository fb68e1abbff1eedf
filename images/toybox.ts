import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stackOf } from './compile/c-feature.ts';
import type { Kitchen } from './recipe.ts';
import { generateHeaders, readToys } from './toybox/headers.ts';

/** All that makes sense in a container, but a shell and what needs a network. */
export const TOYBOX_COMMANDS = [
  ...['arch', 'ascii', 'base32', 'base64', 'basename', 'bunzip2', 'bzcat', 'cal', 'cat', 'chgrp'],
  ...['chmod', 'chown', 'cksum', 'clear', 'cmp', 'comm', 'count', 'cp', 'cpio', 'crc32', 'cut'],
  ...['date', 'dd', 'df', 'diff', 'dirname', 'dos2unix', 'du', 'echo', 'egrep', 'env', 'expand'],
  ...['expr', 'factor', 'fallocate', 'false', 'fgrep', 'file', 'find', 'flock', 'fmt', 'fold'],
  ...['free', 'fsync', 'getconf', 'getfattr', 'getopt', 'grep', 'groups', 'gunzip', 'gzip'],
  ...['hd', 'head', 'help', 'hexdump', 'hexedit', 'hostname', 'iconv', 'id', 'install', 'kill'],
  ...['killall', 'link', 'ln', 'logger', 'logname', 'ls', 'md5sum', 'mkdir', 'mkfifo', 'mknod'],
  ...['mktemp', 'more', 'mount', 'mountpoint', 'mv', 'nice', 'nl', 'nohup', 'od', 'paste'],
  ...['patch', 'pgrep', 'pidof', 'pkill', 'printenv', 'printf', 'ps', 'pwd', 'pwdx', 'readelf'],
  ...['readlink', 'realpath', 'renice', 'reset', 'rev', 'rm', 'rmdir', 'sed', 'seq', 'setfattr'],
  ...['setsid', 'sha1sum', 'sha224sum', 'sha256sum', 'sha384sum', 'sha3sum', 'sha512sum'],
  ...['shred', 'sleep', 'sort', 'split', 'stat', 'strings', 'stty', 'sync', 'tac', 'tail', 'tar'],
  ...['tee', 'test', 'time', 'timeout', 'top', 'touch', 'tr', 'true', 'truncate', 'tty'],
  ...['ulimit', 'uname', 'unicode', 'uniq', 'unix2dos', 'unlink', 'uptime', 'usleep'],
  ...['uudecode', 'uuencode', 'uuidgen', 'vi', 'vmstat', 'watch', 'wc', 'which', 'who', 'whoami'],
  ...['xargs', 'xxd', 'xzcat', 'yes', 'zcat', 'bc'],
];

/** Options of the whole, and of commands. Without fork: it starts itself anew instead. */
const OPTIONS = ['TOYBOX', 'TOYBOX_FLOAT', 'TOYBOX_HELP', 'TOYBOX_HELP_DASHDASH', 'SORT_FLOAT'];
const NUMBERS = { TOYBOX_UID_SYS: 100, TOYBOX_UID_USR: 500 };

const STACK_BYTES = 1_048_576;
const FLAGS = [
  ...['-Os', '-std=gnu11', '-w', '-D_GNU_SOURCE', '-D__linux__', '-funsigned-char'],
  ...['-fno-strict-aliasing', '-I/own/include', '-I/gen', '-I/src'],
];

/**
 * Handlers are called with a signal's number, whatever they take: WebAssembly traps where a machine
 * would not notice.
 */
const FLAGS_OF: Readonly<Record<string, readonly string[]>> = {
  '/src/lib/lib.c': ['-Dtempfile_handler(none)=tempfile_handler(int signal)'],
  '/src/toys/posix/ps.c': ['-Dtop_cursor_cleanup(none)=top_cursor_cleanup(int signal)'],
  // Called directly, too: an old-style parameter, named as a variable that can be passed for it.
  '/src/toys/pending/dd.c': ['-Dstatus()=status(optind)', '-Wno-implicit-int'],
  // What follow.c does in their place.
  '/src/lib/portability.c': ['init', 'add', 'wait'].map(
    (name) => `-Dxnotify_${name}=inotify_${name}_unused`,
  ),
};

/** Commands as one program, which is told by its name which one it is. */
export async function buildToybox(kitchen: Kitchen): Promise<Uint8Array> {
  const folder = await kitchen.debianSource('toybox');
  const mounts = { '/src': folder, '/own': kitchen.sourcePath('toybox') };
  const toys = readToys(folder);
  const enabled = new Set([...OPTIONS, ...TOYBOX_COMMANDS.map((name) => name.toUpperCase())]);
  const headers = await generateHeaders({ folder, mounts, toys }, enabled, NUMBERS, kitchen);
  const wanted = new Set(TOYBOX_COMMANDS);
  const commands = toys.filter(({ commands }) => commands.some((name) => wanted.has(name)));
  const library = readdirSync(join(folder, 'lib')).filter((name) => name.endsWith('.c'));
  return kitchen.compileProgram({
    name: 'toybox',
    sources: [
      '/src/main.c',
      ...library.map((name) => `/src/lib/${name}`),
      ...commands.map(({ path }) => `/src/${path}`),
      '/own/follow.c',
    ],
    mounts,
    files: headers,
    library: kitchen.library,
    features: [stackOf(STACK_BYTES)],
    flags: FLAGS,
    flagsOf: (source) => FLAGS_OF[source] ?? [],
  });
}
