import { join } from 'node:path';
import { addRoot } from './base.ts';
import { busyboxHeaders } from './busybox/headers.ts';
import { configure } from './busybox/kconfig.ts';
import { BusyboxTree } from './busybox/tree.ts';
import { stackOf } from './compile/c-feature.ts';
import { debianAbsence } from './debian-source.ts';
import { addLicences, addProgram } from './image-files.ts';
import type { Kitchen, Recipe } from './recipe.ts';

const VERSION = '1.37.0';

/** Commands, by the names of their options: all that makes sense in a container. */
const COMMANDS = new Set([
  ...['ASH', 'AWK', 'BASE32', 'BASE64', 'BASENAME', 'BC', 'BUNZIP2', 'BZCAT', 'BZIP2', 'CAL'],
  ...['CAT', 'CHGRP', 'CHMOD', 'CHOWN', 'CKSUM', 'CLEAR', 'CMP', 'COMM', 'CP', 'CPIO', 'CRC32'],
  ...['CUT', 'DATE', 'DC', 'DD', 'DF', 'DIFF', 'DIRNAME', 'DOS2UNIX', 'DU', 'ECHO', 'ED', 'EGREP'],
  ...['ENV', 'EXPAND', 'EXPR', 'FACTOR', 'FALSE', 'FGREP', 'FIND', 'FLOCK', 'FOLD', 'FREE'],
  ...['FSYNC', 'GETOPT', 'GREP', 'GROUPS', 'GUNZIP', 'GZIP', 'HD', 'HEAD', 'HEXDUMP', 'HOSTNAME'],
  ...['ID', 'INSTALL', 'KILL', 'KILLALL', 'LESS', 'LINK', 'LN', 'LOGNAME', 'LS', 'MD5SUM'],
  ...['MKDIR', 'MKFIFO', 'MKNOD', 'MKTEMP', 'MORE', 'MV', 'NICE', 'NL', 'NOHUP', 'OD'],
  ...['PASTE', 'PATCH', 'PGREP', 'PIDOF', 'PKILL', 'PRINTENV', 'PRINTF', 'PS', 'PWD', 'READLINK'],
  ...['REALPATH', 'RESET', 'REV', 'RM', 'RMDIR', 'SED', 'SEQ', 'SETSID', 'SHA1SUM', 'SHA256SUM'],
  ...['SHA3SUM', 'SHA512SUM', 'SHUF', 'SLEEP', 'SORT', 'SPLIT', 'STAT', 'STRINGS', 'STTY', 'SUM'],
  ...['SYNC', 'TAC', 'TAIL', 'TAR', 'TEE', 'TEST', 'TEST1', 'TIME', 'TIMEOUT', 'TOP', 'TOUCH'],
  ...['TR', 'TREE', 'TRUE', 'TRUNCATE', 'TSORT', 'TTY', 'UNAME', 'UNEXPAND', 'UNIQ', 'UNIX2DOS'],
  ...['UNLINK', 'UNXZ', 'UNZIP', 'UPTIME', 'USLEEP', 'UUDECODE', 'UUENCODE', 'VI', 'WATCH', 'WC'],
  ...['WHICH', 'WHOAMI', 'XARGS', 'XXD', 'XZ', 'XZCAT', 'YES', 'ZCAT', 'ASCII', 'SH_IS_ASH'],
]);

/** What is otherwise than the default. */
const OPTIONS = {
  // The table of commands says nothing of these.
  FEATURE_SUID: 'n',
  FEATURE_INSTALLER: 'n',
  FEATURE_PREFER_APPLETS: 'n',
  FEATURE_SH_STANDALONE: 'n',
  FEATURE_SH_NOFORK: 'n',
  FEATURE_SH_EMBEDDED_SCRIPTS: 'n',
  FEATURE_COMPRESS_USAGE: 'n',
  FEATURE_COMPRESS_BBCONFIG: 'n',
  BBCONFIG: 'n',
  // What our C library or a container has not.
  FEATURE_UTMP: 'n',
  FEATURE_WTMP: 'n',
  FEATURE_SYSLOG: 'n',
  FEATURE_VOLUMEID: 'n',
  FEATURE_MOUNT_LABEL: 'n',
  FEATURE_USE_SENDFILE: 'n',
  FEATURE_TOP_SMP_CPU: 'n',
  FEATURE_TOP_SMP_PROCESS: 'n',
  FEATURE_SHOW_THREADS: 'n',
  FEATURE_TAR_SELINUX: 'n',
  FEATURE_FIND_CONTEXT: 'n',
  FEATURE_DF_FANCY: 'n',
  FEATURE_CP_REFLINK: 'n',
  PLATFORM_LINUX: 'n',
  SELINUX: 'n',
  PAM: 'n',
  MONOTONIC_SYSCALL: 'n',
  IOCTL_HEX2STR_ERROR: 'n',
  FEATURE_IPV6: 'n',
  ASH_NETWORK: 'n',
} as const;

/** Parts of its library for commands that are not there, about what there is not either. */
const ABSENT = ['alloc_affinity', 'getpty', 'xconnect'].map((name) => `libbb/${name}.c`);

const STACK_BYTES = 1_048_576;

/** busybox, whose shell forks. */
async function buildBusybox(
  kitchen: Kitchen,
): Promise<{ readonly program: Uint8Array; readonly commands: readonly string[] }> {
  const folder = await kitchen.debianSource('busybox');
  const tree = new BusyboxTree(folder);
  const listed = new Set([...tree.applets.matchAll(/^IF_(\w+)\(/gm)].map(([, name]) => name));
  const values = configure(tree.configurations, OPTIONS, (name) =>
    listed.has(name) ? COMMANDS.has(name) : undefined,
  );
  const mounts = { '/src': folder };
  const { files, commands } = await busyboxHeaders(tree, values, mounts, kitchen);
  const program = await kitchen.compileProgram({
    name: 'busybox',
    sources: tree
      .sources((option) => values.get(option) === 'y')
      .filter((path) => !ABSENT.includes(path))
      .map((path) => `/src/${path}`),
    mounts,
    files,
    library: kitchen.library,
    forks: true,
    features: [stackOf(STACK_BYTES)],
    flags: [
      ...['-Os', '-std=gnu99', '-w', '-D_GNU_SOURCE', '-DNDEBUG', '-funsigned-char'],
      ...['-include', '/gen/autoconf.h', '-I/gen'],
      ...['-I/src/include', '-I/src/libbb', '-D_LARGEFILE_SOURCE', '-D_FILE_OFFSET_BITS=64'],
      ...[`-DBB_VER="${VERSION}"`, '-DBB_GIT=0', '-fno-builtin-printf'],
    ],
    flagsOf: (source) => {
      const name = source.replace(/^.*\/(.*)\.c$/, '$1');
      return [`-DKBUILD_BASENAME="${name}"`, `-DKBUILD_MODNAME="${name}"`];
    },
  });
  return { program, commands };
}

export const BUSYBOX: Recipe = {
  name: 'busybox',
  summary: 'busybox: a shell (ash) and its commands',
  changes: [
    'CMD ["sh"]',
    `LABEL org.opencontainers.image.version=${VERSION} org.opencontainers.image.licenses=GPL-2.0-only`,
  ],
  absence: debianAbsence,
  build: async (rootDirectory, kitchen) => {
    await addRoot(rootDirectory);
    const { program, commands } = await buildBusybox(kitchen);
    await addProgram(rootDirectory, 'usr/bin/busybox', program, commands);
    const folder = await kitchen.debianSource('busybox');
    await addLicences(rootDirectory, 'busybox', { copyright: join(folder, 'LICENSE') });
  },
};
