import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Writes a program into an image, with links of other names to it in the same folder. */
export async function addProgram(
  rootDirectory: string,
  path: string,
  program: Uint8Array,
  links: readonly string[] = [],
): Promise<void> {
  const target = join(rootDirectory, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, program, { mode: 0o755 });
  for (const link of links) await symlink(basename(path), join(dirname(target), link));
}

/** What programs count on: folders for temporary files and the user's, and the user's name. */
export async function addBasics(rootDirectory: string): Promise<void> {
  for (const folder of ['tmp', 'root', 'etc']) {
    await mkdir(join(rootDirectory, folder), { recursive: true });
  }
  await writeFile(join(rootDirectory, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(rootDirectory, 'etc', 'group'), 'root:x:0:\n');
}

/** Copies licence texts to where Debian has them: file name in the image → path on the machine. */
export async function addLicences(
  rootDirectory: string,
  name: string,
  licences: Readonly<Record<string, string>>,
): Promise<void> {
  const documents = join(rootDirectory, 'usr', 'share', 'doc', name);
  await mkdir(documents, { recursive: true });
  for (const [file, source] of Object.entries(licences)) {
    await copyFile(source, join(documents, file));
  }
}
