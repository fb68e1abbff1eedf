import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLANG_VERSION } from './compile/toolchain.ts';
import type { Recipe } from './recipe.ts';

const SOURCE = 'hello-world/hello.c';

export const HELLO_WORLD: Recipe = {
  name: 'hello-world',
  changes: ['CMD ["/hello"]'],
  ingredients: ({ sourcePath }) => [
    CLANG_VERSION,
    createHash('sha256')
      .update(readFileSync(sourcePath(SOURCE)))
      .digest('hex'),
  ],
  build: async (rootDirectory, { compileC, sourcePath }) => {
    const program = await compileC(sourcePath(SOURCE));
    await writeFile(join(rootDirectory, 'hello'), program, { mode: 0o755 });
  },
};
