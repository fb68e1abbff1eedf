import * as assert from 'uvu/assert';
import { packageSuite } from './package-suite.ts';

// Debian's source package carries none of Lua's own tests.
packageSuite('lua', (test, engine) => {
  const lua = (script: string): string => engine.ok('run', '--rm', 'lua', '-e', script);

  test('the language', () => {
    assert.is(lua('print(_VERSION, 7 // 2, 7 / 2, "x" .. 1, #"äö")'), 'Lua 5.4\t3\t3.5\tx1\t4');
    assert.is(lua('print(pcall(error, {1}), select("#", pcall(error)))'), 'false\t2');
    assert.is(lua('print(string.format("%q %5.2f", "a\\nb", math.pi))'), '"a\\\nb"  3.14');
    const many =
      'local t = {} for i = 1, 1e5 do t[i] = {i} end print(#t, collectgarbage("count") > 1)';
    assert.is(lua(many), '100000\ttrue');
    assert.is(lua('print(coroutine.wrap(pcall)(error, "inside"))'), 'false\tinside');
  });

  test('recursion without end is an error, and not the end', () => {
    assert.is(lua('local function f() return 1 + f() end print((pcall(f)))'), 'false');
    // Through C, on the program's own stack.
    const nested = 'local function g(s) return s:gsub(".", g) end print((pcall(g, "x")))';
    assert.is(lua(nested), 'false');
  });

  test('files, time and processes', () => {
    const files =
      'local f = assert(io.tmpfile()) f:write("one\\ntwo\\n") f:seek("set") local n = os.tmpname() print(f:read("n"), f:read("a"), os.rename(n, n .. "x"), os.remove(n .. "x"))';
    assert.is(lua(files), 'nil\tone\ntwo\n\ttrue\ttrue');
    assert.is(lua('print(os.date("!%F", 86400), os.getenv("HOME"))'), '1970-01-02\t/root');
    const processes =
      'print(os.execute("exit 3")) for line in io.popen("echo one; echo two"):lines() do print(line) end';
    assert.is(lua(processes), 'nil\texit\t3\none\ntwo');
  });

  test('scripts by a relative path, arguments, standard input, exit codes', () => {
    engine.write('data/main.lua', 'local m = require("mod") print(m.name, ...) os.exit(m.code)');
    engine.write('data/mod.lua', 'return {name = "mod", code = 5}');
    const volume = `${engine.path('data')}:/data`;
    const run = ['run', '--rm', '-v', volume, '-w', '/data', 'lua', 'main.lua', 'a', 'b'];
    const { stdout, exitCode } = engine.run(run);
    assert.is(stdout, 'mod\ta\tb\n');
    assert.is(exitCode, 5);
    const input = 'print(io.read("n") + 1) 41';
    assert.is(
      engine.run(['run', '-i', '--rm', 'lua', '-'], { input: 'print(1 + 1)' }).stdout,
      '2\n',
    );
    assert.is(
      engine.run(['run', '-i', '--rm', 'lua', '-e', input.slice(0, -3)], { input: '41' }).stdout,
      '42\n',
    );
  });
});
