import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MAX_COMPLAINT = 4096;

/**
 * Installs one package of an exact version from the user's npm registry into the cache, without
 * running any script of it; answers its folder. What is in the cache is whole: it is installed
 * beside, and renamed.
 *
 * # Errors
 * an Error with what npm said
 */
export async function installNpmPackage(
  cacheDirectory: string,
  name: string,
  version: string,
  progress: (status: string) => void,
): Promise<string> {
  const home = join(cacheDirectory, 'npm', `${name.replace('/', '+')}@${version}`);
  const folder = join(home, 'node_modules', name);
  if (existsSync(folder)) return folder;
  progress(`Installing ${name}@${version} from npm`);
  const incoming = `${home}.${process.pid}`;
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true });
  try {
    // A package.json of its own keeps npm from looking for one further up.
    writeFileSync(join(incoming, 'package.json'), '{"private": true}\n');
    await runNpm(incoming, ['install', `${name}@${version}`]);
    try {
      renameSync(incoming, home);
    } catch (thrown) {
      // Another builder was faster.
      if (!existsSync(folder)) throw thrown;
    }
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
  return folder;
}

function runNpm(workingDirectory: string, args: readonly string[]): Promise<void> {
  const isWindows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(
      isWindows ? 'npm.cmd' : 'npm',
      [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'],
      { cwd: workingDirectory, stdio: ['ignore', 'ignore', 'pipe'], shell: isWindows },
    );
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-MAX_COMPLAINT);
    });
    child.once('error', (error) => reject(new Error(`cannot run npm: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args.join(' ')} failed:\n${complaint.trim()}`));
    });
  });
}
