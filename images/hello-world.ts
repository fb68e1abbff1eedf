import { addProgram } from './image-files.ts';
import type { Recipe } from './recipe.ts';

export const HELLO_WORLD: Recipe = {
  name: 'hello-world',
  summary: 'says that everything works',
  changes: ['CMD ["/hello"]'],
  build: async (rootDirectory, { compileC, sourcePath }) => {
    await addProgram(rootDirectory, 'hello', await compileC(sourcePath('hello-world/hello.c')));
  },
};
