import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFixture } from './engine-fixture.ts';

const test = suite('durability');
const engine = new EngineFixture();

test.after(() => engine[Symbol.asyncDispose]());

test('files of the container and of the machine are synced, by their descriptors changed', () => {
  const script = `
import os
for path in ('/tmp/file', '/data/file'):
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.write(fd, b'x')
    os.fsync(fd)
    os.fdatasync(fd)
    os.utime(fd, (1, 2))
    os.unlink(path)
    os.fsync(fd)
    print(os.fstat(fd).st_mtime)
    os.fsync(os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY))
`;
  engine.write('data/keep', '');
  const volume = `${engine.path('data')}:/data`;
  assert.is(engine.ok('run', '--rm', '-v', volume, 'python', '-c', script), '2.0\n2.0');
});

test.run();
