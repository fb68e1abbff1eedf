import type { Abi } from '../src/abi/abi.ts';

const INTRODUCTION = `# System calls

What programs may import, made out of the code by \`npm run docs\`. A program that imports anything
else is refused when its container is created, by the name of the function.

Paths: what a program opens below a preopen confines it as preview1 has it: neither an absolute
path, nor \`..\`, nor a link that it makes to an absolute path leads out of there. The preopens
themselves lead anywhere in the container, and so do links that are there. In every call that takes
a directory's fd, -2 stands for the working directory, from which paths follow POSIX.

## The WASI test suite

\`test/conformance/wasi-testsuite.test.ts\` runs all of the suite's programs for preview1 and
wasi-threads (github.com/WebAssembly/wasi-testsuite) in containers, once
\`node scripts/wasi-testsuite.ts REPOSITORY\` has brought them into the cache. These are left out:

- environ_get-multiple-variables, environ_sizes_get-multiple-variables and
  environ_sizes_get-no-variables want no variables but their own. A container has PATH, HOSTNAME,
  HOME and PWD.
- fd_filestat_set, path_filestat and symlink_filestat set a time back by 100 ns and want to read
  just that. Node takes a file's times as doubles in seconds, which hold steps of 238 ns today.
`;

/** The page on all functions of all interfaces, in Markdown. */
export function systemCallReference(abis: readonly Abi[]): string {
  return [INTRODUCTION, ...abis.map(sectionOf)].join('\n');
}

function sectionOf({ moduleName, calls, support }: Abi): string {
  const { about, partial, missing } = support;
  const names = [...Object.keys(calls), ...Object.keys(missing)].sort();
  const rows = names.map((name) => {
    const [extent, note] =
      name in missing
        ? ['none', missing[name]]
        : name in partial
          ? ['partial', partial[name]]
          : ['full', ''];
    return `| ${name} | ${extent} | ${note} |`;
  });
  const head = ['| function | support | |', '| --- | --- | --- |'];
  return [`## \`${moduleName}\``, '', about, '', ...head, ...rows, ''].join('\n');
}
