import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAwk } from './awk.ts';
import { buildDash } from './dash.ts';
import { debianAbsence } from './debian-source.ts';
import { addLicences, addProgram } from './image-files.ts';
import type { Kitchen, Recipe } from './recipe.ts';
import { buildToybox, TOYBOX_COMMANDS } from './toybox.ts';

const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Paths from the root, and their modes; all are root's. */
const FOLDERS: Readonly<Record<string, number>> = {
  etc: 0o755,
  home: 0o755,
  root: 0o700,
  run: 0o755,
  tmp: 0o1777,
  'usr/bin': 0o755,
  'usr/lib': 0o755,
  'usr/local/bin': 0o755,
  'usr/sbin': 0o755,
  'usr/share/doc': 0o755,
  'var/lib': 0o755,
  'var/log': 0o755,
  'var/tmp': 0o1777,
};

/** Where Debian has its programs, under their older names. */
const LINKS: Readonly<Record<string, string>> = {
  bin: 'usr/bin',
  sbin: 'usr/sbin',
  'var/run': '../run',
};

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`,
  'etc/group': `root:x:0:
daemon:x:1:
tty:x:5:
users:x:100:
nogroup:x:65534:
`,
  'etc/profile': `# For login shells.
export PATH=${SEARCH_PATH}
PS1='\\$ '
[ "$(id -u)" -eq 0 ] && PS1='# '
umask 022
`,
  'etc/os-release': `NAME="Wolffia base"
ID=wolffia
PRETTY_NAME="Wolffia base"
`,
  'etc/hosts': `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
`,
  'etc/shells': '/bin/sh\n/bin/dash\n',
};

/** dash, toybox and awk, in the folders that a small Linux has. */
export const BASE: Recipe = {
  name: 'base',
  summary: 'a shell (dash) with about 150 commands (toybox, awk)',
  changes: [
    'CMD ["sh"]',
    `ENV PATH=${SEARCH_PATH}`,
    'LABEL org.opencontainers.image.licenses="BSD-3-Clause AND 0BSD AND MIT"',
  ],
  absence: debianAbsence,
  build: async (rootDirectory, kitchen) => {
    await fillBase(rootDirectory, kitchen);
  },
};

/** The folders and files that a small Linux has, without programs. */
export async function addRoot(rootDirectory: string): Promise<void> {
  for (const [path, mode] of Object.entries(FOLDERS)) {
    await mkdir(join(rootDirectory, path), { recursive: true });
    await chmod(join(rootDirectory, path), mode);
  }
  for (const [path, target] of Object.entries(LINKS)) {
    await symlink(target, join(rootDirectory, path));
  }
  for (const [path, content] of Object.entries(FILES)) {
    await writeFile(join(rootDirectory, path), content);
  }
}

/** Fills an image with all that `base` has. */
export async function fillBase(rootDirectory: string, kitchen: Kitchen): Promise<void> {
  await addRoot(rootDirectory);
  const [dash, toybox, awk] = await Promise.all([
    buildDash(kitchen),
    buildToybox(kitchen),
    buildAwk(kitchen),
  ]);
  const bin = 'usr/bin';
  await addProgram(rootDirectory, `${bin}/dash`, dash, ['sh']);
  await addProgram(rootDirectory, `${bin}/toybox`, toybox, ['[', ...TOYBOX_COMMANDS]);
  await addProgram(rootDirectory, `${bin}/original-awk`, awk, ['awk']);
  const source = async (name: string, ...path: string[]): Promise<string> =>
    join(await kitchen.debianSource(name), ...path);
  await addLicences(rootDirectory, 'dash', {
    copyright: await source('dash', 'debian', 'copyright'),
  });
  await addLicences(rootDirectory, 'toybox', { copyright: await source('toybox', 'LICENSE') });
  await addLicences(rootDirectory, 'original-awk', {
    copyright: await source('original-awk', 'LICENSE'),
  });
}
