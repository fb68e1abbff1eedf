import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CommandResult, EngineFixture } from './engine-fixture.ts';

const test = suite('wolffia-cc');
const bin = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'bin');
const TIMEOUT_MS = 120_000;

const engine = new EngineFixture();
const image = engine.path('image');

const SOURCES = {
  'main.c': `#include <stdio.h>
    #include "sub/twice.h"
    int main(int argc, char **argv) { printf("%s %d\\n", argv[argc - 1], twice(21)); return 7; }`,
  'sub/twice.h': 'int twice(int);',
  'sub/twice.c': '#include "twice.h"\nint twice(int number) { return 2 * number; }',
  'wrong.c': 'int main(void) { return undeclared; }',
  'fork.c': `#include <stdio.h>
    #include <sys/wait.h>
    #include <unistd.h>
    int main(void) {
      pid_t pid = fork();
      if (pid == 0) _exit(3);
      int status;
      waitpid(pid, &status, 0);
      printf("child ended with %d\\n", WEXITSTATUS(status));
    }`,
  'hello.cc': `#include <iostream>
    #include <string>
    int main() { std::cout << std::string("C++") << std::endl; }`,
};

test.before(() => {
  for (const [path, text] of Object.entries(SOURCES)) engine.write(`image/${path}`, text);
});

test.after(() => engine[Symbol.asyncDispose]());

function cc(args: readonly string[], tool = 'cc', input = ''): CommandResult {
  mkdirSync(image, { recursive: true });
  const program = join(bin, `wolffia-${tool}.cjs`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: image,
    input,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  return { exitCode: status ?? -1, stdout, stderr };
}

function ccOk(args: readonly string[], tool = 'cc', input = ''): string {
  const { exitCode, stdout, stderr } = cc(args, tool, input);
  assert.is(exitCode, 0, stderr);
  return stdout;
}

/** What a program that was compiled prints in a container. */
function runProgram(program: string): CommandResult {
  return engine.run([
    ...['run', '--rm', '--volume', `${image}:/work`, '--entrypoint', `/work/${program}`],
    'hello-world',
  ]);
}

test('compiles several sources and links them; the program runs', () => {
  ccOk(['-O2', '-Wall', 'main.c', 'sub/twice.c', '-o', 'several', '-static']);
  const { exitCode, stdout } = runProgram('several');
  assert.is(stdout, '/work/several 42\n');
  assert.is(exitCode, 7);
});

test('compiles apart, keeps an archive, and links what is in it', () => {
  ccOk(['-c', 'sub/twice.c', '-MMD']);
  assert.ok(existsSync(join(image, 'twice.o')));
  assert.is(readFileSync(join(image, 'twice.d'), 'utf8'), 'twice.o: sub/twice.c sub/twice.h\n');
  ccOk(['rcs', 'libtwice.a', 'twice.o'], 'ar');
  ccOk(['libtwice.a'], 'ranlib');
  assert.match(ccOk(['libtwice.a'], 'nm'), / T twice/);
  ccOk(['main.c', '-L.', '-ltwice', '-s', '-o', 'archived']);
  assert.is(runProgram('archived').stdout, '/work/archived 42\n');
});

test('preprocesses, assembles, tells dependencies, reads standard input', () => {
  assert.match(ccOk(['-E', '-P', 'sub/twice.c']), /^int twice\(int\);\n/);
  assert.is(ccOk(['-MM', 'main.c']), 'main.o: main.c sub/twice.h\n');
  ccOk(['-S', 'sub/twice.c', '-o', 'twice.s']);
  assert.match(readFileSync(join(image, 'twice.s'), 'utf8'), /\.functype\ttwice/);
  assert.match(ccOk(['-E', '-P', '-DA=1', '-'], 'cc', 'A B\n'), /^1 B\n/);
  assert.is(ccOk(['-dumpmachine']), 'wasm32-wasip1\n');
});

test('-mfork makes fork work', () => {
  ccOk(['-mfork', 'fork.c', '-o', 'forking']);
  assert.is(runProgram('forking').stdout, 'child ended with 3\n');
});

test('C++', () => {
  ccOk(['hello.cc', '-o', 'cpp'], 'c++');
  assert.is(runProgram('cpp').stdout, 'C++\n');
});

test('-mplain needs no imports of ours', () => {
  ccOk(['-mplain', 'main.c', 'sub/twice.c', '-o', 'plain']);
  assert.not.match(readFileSync(join(image, 'plain'), 'latin1'), /wolffia_32v1|wasix_32v1/);
  assert.match(readFileSync(join(image, 'plain'), 'latin1'), /wasi_snapshot_preview1/);
});

test('says what is wrong, and with what', () => {
  const wrong = cc(['wrong.c']);
  assert.is(wrong.exitCode, 1);
  assert.match(wrong.stderr, /^wrong\.c:1:\d+: error: use of undeclared identifier/);
  const unlinked = cc(['main.c', '-o', 'unlinked']);
  assert.is(unlinked.exitCode, 1);
  assert.match(unlinked.stderr, /wasm-ld: error: main\.c\.o: undefined symbol: twice/);
  assert.not.ok(existsSync(join(image, 'unlinked')));
  const absent = cc(['absent.c']);
  assert.is(absent.exitCode, 2);
  assert.is(absent.stderr, 'wolffia-cc: no such file: absent.c\n');
  assert.match(cc(['-shared', 'main.c']).stderr, /there are no shared libraries/);
  assert.match(cc(['-c', 'main.c', 'wrong.c', '-o', 'x.o']).stderr, /-o is for one output/);
});

test.run();
