import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackOf } from './compile/c-feature.ts';
import type { CLibrary } from './compile/c-library.ts';
import type { CProgram } from './compile/c-program.ts';
import { debianAbsence } from './debian-source.ts';
import { addBasics, addLicences, addProgram } from './image-files.ts';
import type { Recipe } from './recipe.ts';

const VERSION = '1.7.1';

/** What jq's configure would find, of all that it asks for. */
const FUNCTIONS = [
  ...['memmem', 'isatty', 'alloca_h', 'tm_tm_gmt_off', 'pthread_key_create'],
  ...['gmtime_r', 'localtime_r', 'gettimeofday', 'strptime', 'strftime', 'timegm', 'setlocale'],
  ...['acos', 'acosh', 'asin', 'asinh', 'atan2', 'atan', 'atanh', 'cbrt', 'ceil', 'copysign'],
  ...['cos', 'cosh', 'erf', 'erfc', 'exp10', 'exp2', 'exp', 'expm1', 'fabs', 'fdim', 'floor'],
  ...['fma', 'fmax', 'fmin', 'fmod', 'frexp', 'hypot', 'j0', 'j1', 'jn', 'ldexp', 'lgamma'],
  ...['log10', 'log1p', 'log2', 'log', 'logb', 'modf', 'lgamma_r', 'nearbyint', 'nextafter'],
  ...['nexttoward', 'pow', 'remainder', 'rint', 'round', 'scalb', 'scalbln', 'significand'],
  ...['scalbn', 'ilogb', 'sin', 'sinh', 'sqrt', 'tan', 'tanh', 'tgamma', 'trunc', 'y0', 'y1'],
  ...['yn', 'drem', 'libonig'],
];

const ONIGURUMA_CONFIG = `
#define HAVE_ALLOCA_H 1
#define HAVE_STDINT_H 1
#define HAVE_INTTYPES_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#define SIZEOF_INT 4
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_VOIDP 4
#define PACKAGE "onig"
#define PACKAGE_VERSION "6.9.9"
#define VERSION "6.9.9"
`;

/** Data that other files include, and a program that makes some of it. */
const ONIGURUMA_PARTS = /^(unicode_.*_data.*|mktable)\.c$/;
const JQ_SOURCES = [
  ...['builtin', 'bytecode', 'compile', 'execute', 'jq_test', 'jv', 'jv_alloc', 'jv_aux'],
  ...['jv_dtoa', 'jv_dtoa_tsd', 'jv_file', 'jv_parse', 'jv_print', 'jv_unicode', 'lexer'],
  ...['linker', 'locfile', 'main', 'parser', 'util', 'decNumber/decContext'],
  'decNumber/decNumber',
];

function jqProgram(folder: string, oniguruma: string, library: CLibrary): CProgram {
  const onigurumaSources = readdirSync(oniguruma).filter(
    (name) => name.endsWith('.c') && !ONIGURUMA_PARTS.test(name),
  );
  return {
    name: 'jq',
    sources: [
      ...JQ_SOURCES.map((name) => `/src/${name}.c`),
      ...onigurumaSources.map((name) => `/onig/${name}`),
    ],
    mounts: { '/src': join(folder, 'src'), '/onig': oniguruma },
    files: {
      '/gen/config.h': Buffer.from(ONIGURUMA_CONFIG),
      '/gen/src/version.h': Buffer.from(`#define JQ_VERSION "${VERSION}"\n`),
      '/gen/src/builtin.inc': Buffer.from(linesAsStrings(join(folder, 'src', 'builtin.jq'))),
      '/gen/src/config_opts.inc': Buffer.from('#define JQ_CONFIG "wasm32-wasip1"\n'),
    },
    library,
    features: [stackOf(1_048_576)],
    flags: [
      ...['-w', '-D_GNU_SOURCE', '-DUSE_DECNUM=1', '-DIEEE_8087=1', '-DHAVE___THREAD=1'],
      ...FUNCTIONS.map((name) => `-DHAVE_${name.toUpperCase()}=1`),
    ],
    flagsOf: (source) =>
      source.startsWith('/onig/')
        ? ['-DHAVE_CONFIG_H=1', '-I/gen', '-I/onig']
        : ['-I/src', '-I/gen', '-I/gen/src', '-I/onig'],
  };
}

/** A file as literals of C, one a line. */
function linesAsStrings(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => `${JSON.stringify(`${line}\n`)}\n`).join('');
}

export const JQ: Recipe = {
  name: 'jq',
  summary: 'jq 1.7, with regular expressions by Oniguruma',
  changes: [
    'ENTRYPOINT ["jq"]',
    `LABEL org.opencontainers.image.version=${VERSION} org.opencontainers.image.licenses=MIT`,
  ],
  absence: debianAbsence,
  build: async (rootDirectory, { debianSource, compileProgram, library }) => {
    const folder = await debianSource('jq');
    const oniguruma = await debianSource('libonig');
    const program = await compileProgram(jqProgram(folder, join(oniguruma, 'src'), library));
    await addProgram(rootDirectory, 'usr/bin/jq', program);
    await addBasics(rootDirectory);
    await addLicences(rootDirectory, 'jq', { copyright: join(folder, 'COPYING') });
    await addLicences(rootDirectory, 'libonig', { copyright: join(oniguruma, 'COPYING') });
  },
};
