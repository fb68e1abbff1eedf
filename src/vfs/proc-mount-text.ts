import type { Mount } from './mount-table.ts';
import { MAGIC } from './statistics.ts';

/** /proc/<pid>/mounts (fstab(5)) and mountinfo (proc_pid_mountinfo(5)). */
export function mountsOf(mounts: readonly Mount[]): string {
  return mounts
    .map((mount) => {
      const { path, fileSystem } = mount;
      const options = [accessOf(mount), 'relatime', ...ownOptions(mount)].join(',');
      return `${sourceOf(mount)} ${escapePath(path)} ${fileSystem.typeName} ${options} 0 0\n`;
    })
    .join('');
}

/** Above those of the host's own first mounts, as on any system. */
const FIRST_ID = 20;

export function mountInfoOf(mounts: readonly Mount[]): string {
  return mounts
    .map((mount, index) => {
      const { path, fileSystem } = mount;
      const device = fileSystem.root.attributes().device;
      const ids = `${FIRST_ID + index} ${parentIdOf(mounts, index)} 0:${device}`;
      const own = [accessOf(mount), ...ownOptions(mount)].join(',');
      const place = `/ ${escapePath(path)} ${accessOf(mount)},relatime`;
      return `${ids} ${place} - ${fileSystem.typeName} ${sourceOf(mount)} ${own}\n`;
    })
    .join('');
}

function accessOf({ fileSystem }: Mount): string {
  return fileSystem.isReadOnly ? 'ro' : 'rw';
}

/** What it is mounted from: nothing that a guest could look at. */
function sourceOf({ path, fileSystem }: Mount): string {
  return path === '/dev/shm' ? 'shm' : fileSystem.typeName;
}

function ownOptions({ fileSystem }: Mount): readonly string[] {
  const { type, blocks, blockSizeBytes } = fileSystem.statistics();
  if (type !== MAGIC.tmpfs) return [];
  return [`size=${Math.floor((blocks * blockSizeBytes) / 1024)}k`];
}

/** The mount in which the one at `index` lies: the last of the longest path above it. */
function parentIdOf(mounts: readonly Mount[], index: number): number {
  const path = mounts[index]?.path ?? '/';
  let parent = -1;
  let length = -1;
  mounts.forEach((mount, at) => {
    const above = mount.path === '/' ? '/' : `${mount.path}/`;
    if (at === index || !path.startsWith(above) || mount.path.length < length) return;
    parent = at;
    length = mount.path.length;
  });
  return FIRST_ID + parent;
}

/** Separators within a path are told as octal numbers. */
function escapePath(path: string): string {
  return path.replace(/[ \t\n\\#]/g, (character) => {
    return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
}
