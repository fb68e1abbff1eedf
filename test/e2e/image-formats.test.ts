import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IMAGE_FORMATS } from '../fake/image-formats.ts';
import { compileSource } from '../suite/compile-source.ts';
import { EngineFixture } from './engine-fixture.ts';

// One program, in every form in which WebAssembly is handed on.
const test = suite('forms of images');
const engine = new EngineFixture();

test.after(() => engine[Symbol.asyncDispose]());

/** Loads an archive, and answers what the image in it can be called. */
function load(archive: Uint8Array): string {
  const { exitCode, stdout, stderr } = engine.run(['load'], { input: archive });
  assert.is(exitCode, 0, stderr);
  const [, name] = /^Loaded image(?: ID)?: (.*)$/m.exec(stdout) ?? [];
  assert.ok(name, stdout);
  return name ?? '';
}

for (const [index, [form, archiveIn]] of Object.entries(IMAGE_FORMATS).entries()) {
  test(form, async () => {
    const program = await compileSource('wasm/fixtures/cat.c');
    const name = `form-${index}`;
    const lines = load(await archiveIn({ program, name }));
    const image = form === 'bare module' ? lines : name;
    const { exitCode, stdout, stderr } = engine.run(['run', '-i', '--rm', image], {
      input: 'one two\nthree',
    });
    assert.is(exitCode, 0, stderr);
    assert.is(stdout, 'one two\nthree');
    assert.is(engine.ok('inspect', '--type', 'image', '-f', '{{.RootFS.Type}}', image), 'layers');
    engine.ok('rmi', image);
  });
}

test.run();
