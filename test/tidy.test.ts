import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGuestSide, checkLayerTable, checkTidiness, type SourceFile } from './tidy.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What git knows of, else all but what is ignored (an unpacked package has no git). */
function repositoryFiles(): SourceFile[] {
  const paths = existsSync(join(root, '.git'))
    ? execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
        .toString()
        .split('\n')
        .filter((path) => path !== '' && existsSync(join(root, path)))
    : ['src', 'test', 'images', 'scripts'].flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.\w+$/.test(name))
          .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
      );
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The violations of one source, without their place. */
function complaints(path: string, text: string): string[] {
  return checkTidiness([{ path, text }]).map((violation) => violation.replace(/^[^ ]+ /, ''));
}

test('the repository is tidy', () => {
  assert.is(checkTidiness(repositoryFiles()).join('\n'), '');
});

test('imports go down the table only', () => {
  assert.equal(complaints('src/vfs/x.ts', "import { a } from '../kernel/a.ts';"), [
    'vfs must not import kernel',
  ]);
  assert.equal(complaints('src/vfs/x.ts', "import type { A } from '../engine/a.ts';"), [
    'vfs must not import engine',
  ]);
  assert.equal(complaints('src/vfs/x.ts', "const a = import('../cli/a.ts');"), [
    'vfs must not import cli',
  ]);
  assert.equal(complaints('src/kernel/x.ts', "import { a } from '../vfs/a.ts';"), []);
  assert.equal(complaints('src/orphan/x.ts', ''), ['folder orphan is not in test/layers.ts']);
  assert.equal(complaints('src/vfs/x.ts', "import { a } from '../../test/a.ts';"), [
    '../../test/a.ts is outside of src',
  ]);
});

test('packages stay in their folder', () => {
  assert.equal(complaints('src/engine/x.ts', "import * as v from 'valibot';"), [
    'package valibot does not belong to engine',
  ]);
  assert.equal(complaints('src/wire/x.ts', "import * as v from 'valibot';"), []);
});

test('a circle in the table is found', () => {
  const layers = { a: { imports: ['b'] }, b: { imports: ['a'] } };
  assert.match(checkLayerTable(layers).join(), 'a → b → a is a circle');
});

test('nothing beside hostile code reaches for the machine', () => {
  const cell = { path: 'src/main/cell.ts', text: "import '../kernel/x.ts'; import 'node:fs';" };
  const kernel = (text: string): SourceFile => ({ path: 'src/kernel/x.ts', text });
  assert.equal(checkGuestSide([cell, kernel('')]), []);
  assert.match(
    checkGuestSide([cell, kernel("import { open } from 'node:fs';")]).join(),
    'node:fs has no place beside hostile code',
  );
  assert.match(
    checkGuestSide([cell, kernel("import ws from 'ws';")]).join(),
    'ws has no place beside hostile code',
  );
});

test('banned words are found, and only where they are banned', () => {
  for (const line of [
    'process.exit(1);',
    'const home = process.env.HOME;',
    'const now = Date.now();',
    'const dice = Math.random();',
    "console.log('x');",
    'const x = y as any;',
    'function f(x: any) {}',
    'export default function f() {}',
    "export * from './a.ts';",
    'export enum Colour { green }',
    "import { WASI } from 'node:wasi';",
  ]) {
    assert.is.not(complaints('src/engine/x.ts', line).length, 0, line);
  }
  assert.equal(complaints('src/main/x.ts', 'process.exit(1);'), []);
  assert.equal(complaints('src/engine/x.ts', '// as any reader of Math.random knows'), []);
});

test('size and names', () => {
  assert.match(complaints('src/vfs/x.ts', 'a\n'.repeat(501)).join(), 'more than 500');
  assert.match(complaints('src/vfs/x.ts', `// ${'long '.repeat(30)}`).join(), 'longer than 100');
  assert.match(complaints('src/vfs/utils.ts', '').join(), 'named after what it holds');
  assert.match(complaints('src/vfs/camelCase.ts', '').join(), 'kebab-case');
});

test('traces of a machine are found in any file', () => {
  assert.match(complaints('docs/x.md', ['', 'work', 'main', 'x'].join('/')).join(), 'one machine');
});

test.run();
