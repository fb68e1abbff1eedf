// PROGRAM DIRECTORY ARG…: runs a program by node:wasi, a peer to measure against, with DIRECTORY at
// /data.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [program, directory, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: 'preview1',
  args: [program, ...args],
  env: {},
  preopens: { '/data': directory },
});
const module = new WebAssembly.Module(readFileSync(program));
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
