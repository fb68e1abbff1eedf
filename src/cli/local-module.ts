import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { EngineClient } from './engine-client.ts';
import { readProgress } from './read-progress.ts';

/** How a path to a file begins; a reference cannot. */
const PATH = /^(?:\.{1,2}[/\\]|[/\\]|[A-Za-z]:[/\\])/;

/**
 * Whether `run` is given a program's file instead of an image: what begins as a path, and
 * `NAME.wasm` when there is such a file.
 *
 * # Errors
 * an Error when it begins as a path, and there is no file
 */
export function isLocalModule(name: string): boolean {
  const isPath = PATH.test(name);
  if (!isPath && !name.endsWith('.wasm')) return false;
  if (statSync(name, { throwIfNoEntry: false })?.isFile()) return true;
  if (isPath) throw new Error(`cannot run ${name}: no such file or directory`);
  return false;
}

/**
 * Makes an image of a module, or of a file system in an archive, that has no name; answers its id.
 * The same file gives the same image each time.
 */
export async function importModule(engine: EngineClient, path: string): Promise<string> {
  const created = Math.floor(statSync(path).mtimeMs / 1000);
  const response = await engine.stream('POST', '/images/create', {
    query: { fromSrc: '-', message: `Imported from ${basename(path)}`, created },
    body: createReadStream(path),
  });
  let id = '';
  await readProgress(response, ({ status = '' }) => {
    id = status;
  });
  return id;
}
