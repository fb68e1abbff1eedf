import * as fs from 'node:fs';

/**
 * A process of the host that plays with a directory on which a container is at work: again and
 * again it puts symbolic links that lead outside in the place of directories and files, and takes
 * them away. It goes on until it is killed.
 *
 *     path-attacker.ts HOW MOUNT OUTSIDE
 */
const [how = '', mount = '', outside = ''] = process.argv.slice(2);

/** Other attackers are at work on the same names: what cannot be done now is done the next time. */
function attempt(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
  }
}

const ATTACKS: Readonly<Record<string, () => void>> = {
  /** The directory becomes a link to the one outside, and is a directory again. */
  directory: () => {
    attempt(() => fs.renameSync(`${mount}/d`, `${mount}/spare`));
    attempt(() => fs.symlinkSync(outside, `${mount}/d`));
    attempt(() => fs.unlinkSync(`${mount}/d`));
    attempt(() => fs.renameSync(`${mount}/spare`, `${mount}/d`));
  },
  /** So does one above it. */
  parent: () => {
    attempt(() => fs.renameSync(`${mount}/deep/e`, `${mount}/deep/spare`));
    attempt(() => fs.symlinkSync('../..', `${mount}/deep/e`));
    attempt(() => fs.unlinkSync(`${mount}/deep/e`));
    attempt(() => fs.renameSync(`${mount}/deep/spare`, `${mount}/deep/e`));
  },
  /**
   * A file becomes a link to one outside in one step, and a hard link of one inside. Relative to
   * the directory itself, as the other attackers' links are not to lead this one outside.
   */
  file: () => {
    for (const name of ['file', 'new']) {
      attempt(() => fs.symlinkSync(`${outside}/${name}`, `link-${name}`));
      attempt(() => fs.renameSync(`link-${name}`, name));
      attempt(() => fs.linkSync('../inside', `hard-${name}`));
      attempt(() => fs.renameSync(`hard-${name}`, name));
    }
  },
};

const attack = ATTACKS[how];
if (!attack) throw new Error(`no such attack: ${how}`);
if (how === 'file') process.chdir(`${mount}/d`);
process.stdout.write('ready\n');
for (;;) attack();
