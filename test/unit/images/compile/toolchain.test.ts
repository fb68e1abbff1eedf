import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheDirectoryOf } from '../../../../images/cache-directory.ts';
import { buildProgram } from '../../../../images/compile/c-program.ts';
import { CompileError, Toolchain } from '../../../../images/compile/toolchain.ts';
import { installNpmPackage } from '../../../../images/npm-package.ts';

const test = suite('toolchain');
const root = dirname(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))));
const directory = mkdtempSync(join(tmpdir(), 'wolffia-test-'));
const userCache = cacheDirectoryOf(process.env, process.platform);

/** Packages come from the user's cache, products go to one of our own. */
const toolchain = new Toolchain({
  cacheDirectory: directory,
  npmPackage: (name, version) => installNpmPackage(userCache, name, version, () => {}),
  compilerProgram: join(root, 'dist', 'compiler.cjs'),
});

test.after(() => rmSync(directory, { recursive: true, force: true }));

const text = (content: string): Uint8Array => Buffer.from(content);

function preprocess(main: string, folders: Readonly<Record<string, string>>): Promise<string> {
  const args = ['clang', '--target=wasm32-wasip1', '-E', '-P'];
  const includes = Object.keys(folders).map((folder) => `-I${folder}`);
  const job = {
    args: [...args, ...includes, '/src/main.c', '-o', '/out/main.i'],
    files: { '/src/main.c': text(main) },
    mounts: folders,
  };
  return toolchain.make(job, '/out/main.i').then(({ path }) => path);
}

test('what was made from the same is not made again; what was not, is', async () => {
  const [first, second] = [join(directory, 'first'), join(directory, 'second')];
  mkdirSync(first);
  mkdirSync(second);
  writeFileSync(join(second, 'a.h'), 'one\n');
  writeFileSync(join(second, 'unused.h'), 'one\n');
  const folders = { '/first': first, '/second': second };
  const make = (): Promise<string> => preprocess('#include "a.h"\n', folders);

  const made = await make();
  assert.match(readFileSync(made, 'utf8'), 'one');
  writeFileSync(made, 'kept');
  writeFileSync(join(second, 'unused.h'), 'two\n');
  assert.is(readFileSync(await make(), 'utf8'), 'kept');

  writeFileSync(join(second, 'a.h'), 'two, and longer\n');
  assert.match(readFileSync(await make(), 'utf8'), 'two');

  writeFileSync(join(first, 'a.h'), 'ahead\n');
  assert.match(readFileSync(await make(), 'utf8'), 'ahead');
});

test('headers of the machine are not those of the compiler', async () => {
  const machine = join(directory, 'machine');
  mkdirSync(join(machine, 'usr', 'include'), { recursive: true });
  writeFileSync(join(machine, 'usr', 'include', 'native.h'), 'native\n');
  writeFileSync(join(machine, 'native.h'), 'mounted\n');
  const source =
    '#if __has_include(</usr/include/native.h>)\nfound\n#endif\n#include "/native.h"\n';
  const made = readFileSync(await preprocess(source, { '/': machine }), 'utf8');
  assert.not.match(made, 'found');
  assert.match(made, 'mounted');
});

test('programs of C and C++, in several files', async () => {
  const files = {
    '/src/main.cpp': text(
      '#include <string>\nextern "C" int twice(int);\nint main() { return std::string("ab").size() == 2 ? twice(0) : 1; }\n',
    ),
    '/src/twice.c': text('#include "twice.h"\nint twice(int value) { return FACTOR * value; }\n'),
    '/include/twice.h': text('#define FACTOR 2\n'),
  };
  const program = await buildProgram(
    { name: 'both', sources: ['/src/main.cpp', '/src/twice.c'], files, flags: ['-I/include'] },
    toolchain,
    () => {},
  );
  assert.ok(WebAssembly.validate(program));
});

test('errors of every source are told, and of the link', async () => {
  const files = {
    '/src/one.c': text('int main(void) { return missing_one; }\n'),
    '/src/two.c': text('int two(void) { return missing_two; }\n'),
    '/src/three.c': text('int missing_three(void);\nint main(void) { return missing_three(); }\n'),
  };
  const build = (...sources: readonly string[]): Promise<string> =>
    buildProgram({ name: 'broken', sources, files }, toolchain, () => {}).then(
      () => 'built',
      (error: Error) => error.message,
    );
  const message = await build('/src/one.c', '/src/two.c');
  assert.match(message, /cannot compile broken:[\s\S]*\/src\/one\.c:1:.*missing_one/);
  assert.match(message, /\/src\/two\.c:1:.*missing_two/);
  assert.match(await build('/src/three.c'), /cannot link broken:[\s\S]*missing_three/);
});

test('a warning is told again from the cache', async () => {
  const job = {
    args: ['clang', '--target=wasm32-wasip1', '-Wall', '-c', '/src/w.c', '-o', '/out/w.o'],
    files: { '/src/w.c': text('int f(void) { int unused; return 0; }\n') },
  };
  const made = await toolchain.make(job, '/out/w.o');
  assert.match(made.stderr, 'unused');
  assert.equal(await toolchain.make(job, '/out/w.o'), made);
});

test('standard input and output', async () => {
  const args = ['clang', '--target=wasm32-wasip1', '-E', '-P', '-'];
  const { exitCode, stdout } = await toolchain.run({ args, stdin: text('__wasm32__\n') });
  assert.is(exitCode, 0);
  assert.is(Buffer.from(stdout).toString(), '1\n');
  const failed = toolchain.make({ args: ['clang', '/src/none.c'] }, '/out/x');
  assert.instance(await failed.catch((thrown: unknown) => thrown), CompileError);
});

test.run();
