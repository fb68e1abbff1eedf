import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fillBase } from './base.ts';
import { LINK_AFTER, LINK_BEFORE } from './compile/c-program.ts';
import { readSystemFiles } from './compile/system-files.ts';
import { debianAbsence } from './debian-source.ts';
import { addLicences, addProgram } from './image-files.ts';
import type { Kitchen, Recipe } from './recipe.ts';

/** Names by which LLVM's one program does its different works. */
const LLVM_NAMES = [
  ...['clang++', 'wasm-ld', 'ld', 'ar', 'llvm-ar', 'ranlib', 'llvm-ranlib', 'nm', 'llvm-nm'],
  ...['objcopy', 'objdump', 'strip', 'size', 'readobj', 'addr2line', 'c++filt'],
];
/** Our C library in the image. */
const LIBRARY = '/usr/lib/wolffia';

const COPYRIGHT = `clang, lld, the other programs, compiler-rt, libc++ and libc++abi are parts of LLVM,
https://llvm.org: Apache License 2.0 with LLVM Exceptions.
wasi-libc, https://github.com/WebAssembly/wasi-libc: Apache License 2.0 with LLVM Exceptions,
Apache License 2.0, or MIT; its parts out of musl: MIT.
They are built by YoWASP, https://yowasp.org: ISC.
${LIBRARY} is Wolffia's: Apache License 2.0.
`;

/** `cc` and `c++`, which compile with our C library and link. */
function buildDriver({ compileProgram, library, sourcePath }: Kitchen): Promise<Uint8Array> {
  const [mount = ''] = Object.keys(library.mounts);
  const strings = (flags: readonly string[]): string =>
    flags.map((flag) => JSON.stringify(flag)).join(', ');
  const compileFlags = library.flags.map((flag) => flag.replace(mount, LIBRARY));
  const linkAfter = [`${LIBRARY}/libwolffia.a`, ...library.linkFlags, ...LINK_AFTER];
  const flags = [
    `#define COMPILE_FLAGS ${strings(compileFlags)}`,
    `#define LINK_BEFORE ${strings(LINK_BEFORE)}`,
    `#define LINK_AFTER ${strings(linkAfter)}`,
  ];
  return compileProgram({
    name: 'cc',
    sources: ['/src/cc.c'],
    mounts: { '/src': sourcePath('clang') },
    files: { '/gen/flags.h': Buffer.from(`${flags.join('\n')}\n`) },
    library,
    flags: ['-Wall', '-Wextra', '-Werror', '-I/gen'],
  });
}

async function addSystem(rootDirectory: string, { toolchain }: Kitchen): Promise<void> {
  const archive = await readFile(await toolchain.systemArchive());
  for (const [path, content] of readSystemFiles(archive)) {
    const target = join(rootDirectory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

export const CLANG: Recipe = {
  name: 'clang',
  summary: 'cc, c++ and LLVM, which make programs for Wolffia, with a shell',
  changes: [
    'CMD ["sh"]',
    'WORKDIR /src',
    'LABEL org.opencontainers.image.licenses="Apache-2.0 WITH LLVM-exception"',
  ],
  absence: debianAbsence,
  build: async (rootDirectory, kitchen) => {
    const { library, sourcePath, toolchain } = kitchen;
    await fillBase(rootDirectory, kitchen);
    const llvm = await readFile(await toolchain.module());
    await addProgram(rootDirectory, 'usr/bin/clang', llvm, LLVM_NAMES);
    await addProgram(rootDirectory, 'usr/bin/cc', await buildDriver(kitchen), ['c++']);
    await addSystem(rootDirectory, kitchen);
    const own = join(rootDirectory, LIBRARY);
    await mkdir(own, { recursive: true });
    await cp(sourcePath('../wasm/libc/include'), join(own, 'include'), { recursive: true });
    await writeFile(join(own, 'libwolffia.a'), await readFile((await library.archive()).path));
    await addLicences(rootDirectory, 'clang', { 'LICENSE.Apache-2.0': sourcePath('../LICENSE') });
    await writeFile(join(rootDirectory, 'usr/share/doc/clang/copyright'), COPYRIGHT);
  },
};
