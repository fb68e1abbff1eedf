import { BASE } from './base.ts';
import { BUSYBOX } from './busybox.ts';
import { CLANG } from './clang.ts';
import { HELLO_WORLD } from './hello-world.ts';
import { PHP, PYTHON, RUBY } from './interpreters.ts';
import { JQ } from './jq.ts';
import { LUA } from './lua.ts';
import { QUICKJS } from './quickjs.ts';
import type { Recipe } from './recipe.ts';
import { SQLITE } from './sqlite.ts';

/** The images that come with Wolffia, in the order of their names. */
export const RECIPES: readonly Recipe[] = [
  BASE,
  BUSYBOX,
  CLANG,
  HELLO_WORLD,
  JQ,
  LUA,
  PHP,
  PYTHON,
  QUICKJS,
  RUBY,
  SQLITE,
];
