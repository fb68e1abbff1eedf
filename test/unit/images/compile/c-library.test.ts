import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CProgram } from '../../../../images/compile/c-program.ts';
import { readOutline } from '../../../../src/rewrite/module-sections.ts';
import { openKitchen } from '../../../suite/compile-source.ts';

const test = suite('images/compile/c-library');
const includes = join(dirname(fileURLToPath(import.meta.url)), '../../../../wasm/libc/include');

const kitchen = openKitchen();

function compile(name: string, text: string, more: Partial<CProgram> = {}): Promise<Uint8Array> {
  return kitchen.compileProgram({
    name,
    sources: [`/src/${name}`],
    files: { [`/src/${name}`]: Buffer.from(text) },
    library: kitchen.library,
    flags: ['-Wall', '-Werror'],
    ...more,
  });
}

function importsOf(program: Uint8Array): string[] {
  return readOutline(new Uint8Array(program)).imports.map(
    ({ module, name }) => `${module}.${name}`,
  );
}

const HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n';

test('every header stands alone, in C and in C++', async () => {
  const headers = readdirSync(includes, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.h') && !name.startsWith('__'))
    .map((name) => name.replaceAll('\\', '/'));
  assert.ok(headers.length > 30);
  for (const extension of ['c', 'cc']) {
    await Promise.all(
      headers.map((header) =>
        compile(
          `${header.replaceAll(/\W/g, '-')}.${extension}`,
          `#include <${header}>\nint main() { return 0; }\n`,
        ),
      ),
    );
  }
});

test('a program that needs nothing of it has hardly more than with wasi-libc alone', async () => {
  const alone = await kitchen.compileProgram({
    name: 'hello.c',
    sources: ['/src/hello.c'],
    files: { '/src/hello.c': Buffer.from(HELLO) },
  });
  const program = await compile('hello.c', HELLO);
  assert.ok(program.length <= alone.length + 512, `${program.length} against ${alone.length}`);
});

test('paths go to the kernel as they are', async () => {
  const text = `#include <stdio.h>
    #include <unistd.h>
    #include <sys/stat.h>
    int main(void) {
      struct stat stat;
      unlink("a"); rename("b", "c"); mkdir("d", 0700); fopen("e", "r");
      return lstat("f", &stat);
    }`;
  const imports = importsOf(await compile('paths.c', text));
  for (const name of ['path_open', 'path_mkdir', 'path_stat']) {
    assert.ok(imports.includes(`wolffia_32v1.${name}`), name);
  }
  // Nothing is looked up among preopened directories.
  assert.not.ok(imports.includes('wasi_snapshot_preview1.fd_prestat_get'));
  assert.not.ok(imports.includes('wasi_snapshot_preview1.path_open'));
});

test('vfork and handlers need no asyncify; fork gets it when it is asked for', async () => {
  const text = `#include <signal.h>
    #include <unistd.h>
    static void handle(int signal) { (void)signal; }
    int main(void) {
      signal(SIGUSR1, handle);
      pid_t pid = CALL();
      if (pid == 0) _exit(3);
      return pid < 0;
    }`;
  const exportsOf = async (call: string, forks: boolean): Promise<string[]> => {
    const program = await compile(`${call}.c`, text, { flags: [`-DCALL=${call}`], forks });
    return readOutline(new Uint8Array(program)).exports.map(({ name }) => name);
  };
  const vforking = await exportsOf('vfork', false);
  assert.ok(vforking.includes('__wasm_signal'));
  assert.not.ok(vforking.includes('asyncify_start_unwind'));
  const forking = await exportsOf('fork', true);
  for (const name of ['asyncify_start_unwind', '__stack_pointer', '__stack_low']) {
    assert.ok(forking.includes(name), name);
  }
});

test.run();
