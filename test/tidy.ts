import { LAYERS, type Layer } from './layers.ts';

/** A file of the repository as the rules see it; paths have slashes on every system. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** `src/vfs/layer.ts:12: …` */
export type Violation = string;

const MAX_FILE_LINES = 500;
const MAX_LINE_LENGTH = 100;
const FORBIDDEN_NAMES = ['index', 'utils', 'helpers', 'common', 'misc', 'types', 'util', 'helper'];

interface BannedWord {
  readonly pattern: RegExp;
  readonly remedy: string;
  /** Where it may stand. */
  readonly allowed: RegExp;
}

const NOWHERE = /^$/;
/** The composition roots: what a process has and does goes through them. */
const MAIN = /^src\/main\//;
/** There `process` is a guest's. */
const MAIN_AND_GUESTS = /^src\/(main|abi|kernel)\//;

const BANNED_WORDS: readonly BannedWord[] = [
  {
    pattern: /\bprocess\.(exit|env|argv|on)\b/,
    remedy: 'belongs to src/main',
    allowed: MAIN_AND_GUESTS,
  },
  { pattern: /\bDate\.now\b|\bnew Date\(\)/, remedy: 'take a Clock', allowed: MAIN },
  { pattern: /\bMath\.random\b/, remedy: 'take a RandomSource', allowed: NOWHERE },
  { pattern: /\bconsole\./, remedy: 'take a Log, or write to the terminal', allowed: NOWHERE },
  { pattern: /\bas any\b|[:<]\s*any\b/, remedy: 'say what it is, or unknown', allowed: NOWHERE },
  { pattern: /^\s*export default\b/, remedy: 'export by name', allowed: NOWHERE },
  { pattern: /^\s*export (\*|\{.*\}) from\b/, remedy: 'import what defines it', allowed: NOWHERE },
  { pattern: /^\s*(export )?(const )?enum\b/, remedy: 'use `as const`', allowed: NOWHERE },
  { pattern: /['"]node:wasi['"]/, remedy: 'it is no sandbox', allowed: NOWHERE },
  { pattern: /preview2-shim/, remedy: 'it gives guests the host', allowed: NOWHERE },
];

/** Paths and hosts of somebody's machine have no place in any file. */
const MACHINE_TRACES = [
  /\/work\/(main|shared|alt)\b/,
  /\/root\/(?!\.ssh)\w/,
  /registry\.npmjs\.org/,
];

export function checkTidiness(files: readonly SourceFile[]): Violation[] {
  const sources = files.filter(({ path }) =>
    /^(src|test|images|scripts)\/.*\.(ts|mjs)$/.test(path),
  );
  return [
    ...sources.flatMap(checkFile),
    ...sources.filter(({ path }) => path.startsWith('src/')).flatMap(checkImports),
    ...checkLayerTable(LAYERS),
    ...checkGuestSide(sources),
    ...files.flatMap(checkTraces),
  ];
}

function checkFile({ path, text }: SourceFile): Violation[] {
  const violations: Violation[] = [];
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/(\.test|\.d)?\.\w+$/, '');
  if (FORBIDDEN_NAMES.includes(name))
    violations.push(`${path}: a file is named after what it holds`);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) violations.push(`${path}: file names are kebab-case`);
  const lines = text.split('\n');
  if (lines.length > MAX_FILE_LINES) {
    violations.push(`${path}: ${lines.length} lines, more than ${MAX_FILE_LINES}`);
  }
  for (const [index, line] of lines.entries()) {
    const where = `${path}:${index + 1}`;
    // What cannot be broken: text for people, URLs, rows of a table.
    const isUnbreakable = /['"`]|https?:|^\s*\* \|/.test(line);
    if ([...line].length > MAX_LINE_LENGTH && !isUnbreakable) {
      violations.push(`${where}: longer than ${MAX_LINE_LENGTH} characters`);
    }
    if (!path.startsWith('src/') || /^\s*(\*|\/\*\*|\/\/)/.test(line)) continue;
    for (const { pattern, remedy, allowed } of BANNED_WORDS) {
      const found = pattern.exec(line)?.[0];
      if (found !== undefined && !allowed.test(path)) {
        violations.push(`${where}: ${found.trim()}: ${remedy}`);
      }
    }
  }
  return violations;
}

interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Static and dynamic imports, those of types included. */
export function importsOf(text: string): Import[] {
  const statement = /(?:^|[\n;])\s*import\b[^;'"`()]*['"]([^'"\n]+)['"]/;
  const reExport = /(?:^|[\n;])\s*export\b[^;'"`()=]*\bfrom\s*['"]([^'"\n]+)['"]/;
  const call = /\bimport\(\s*['"]([^'"\n]+)['"]/;
  const pattern = new RegExp(
    [statement, reExport, call].map(({ source }) => source).join('|'),
    'g',
  );
  return [...text.matchAll(pattern)].map((found) => ({
    specifier: found[1] ?? found[2] ?? found[3] ?? '',
    line: text.slice(0, found.index).split('\n').length,
  }));
}

function checkImports({ path, text }: SourceFile): Violation[] {
  const folder = path.split('/')[1] ?? '';
  const layer = LAYERS[folder];
  if (!layer) return [`${path}: folder ${folder} is not in test/layers.ts`];
  return importsOf(text).flatMap(({ specifier, line }) => {
    const where = `${path}:${line}`;
    if (specifier.startsWith('node:')) return [];
    if (!specifier.startsWith('.')) {
      const isAllowed = layer.packages?.includes(specifier) === true;
      return isAllowed ? [] : [`${where}: package ${specifier} does not belong to ${folder}`];
    }
    const target = resolveImport(path, specifier);
    const targetFolder = /^src\/([^/]+)\//.exec(target)?.[1];
    if (targetFolder === undefined) {
      const isComposition = folder === 'main' && target.startsWith('images/');
      return isComposition ? [] : [`${where}: ${specifier} is outside of src`];
    }
    if (targetFolder === folder || layer.imports.includes(targetFolder)) return [];
    return [`${where}: ${folder} must not import ${targetFolder}`];
  });
}

/** No folder may be above itself. */
export function checkLayerTable(layers: Readonly<Record<string, Layer>>): Violation[] {
  const above = (folder: string, path: readonly string[]): Violation[] => {
    if (path.includes(folder)) return [`layers: ${[...path, folder].join(' → ')} is a circle`];
    return (layers[folder]?.imports ?? []).flatMap((below) => above(below, [...path, folder]));
  };
  return Object.keys(layers).flatMap((folder) => above(folder, []));
}

/** The program that runs hostile code, and the files that give it the machine. */
const CELL_PROGRAM = 'src/main/cell.ts';
const CELL_COMPOSITION = [CELL_PROGRAM, 'src/main/system-clock.ts'];
const CELL_PACKAGES = ['valibot'];

/** What a cell is made of reaches nothing of the machine but through its composition root. */
export function checkGuestSide(sources: readonly SourceFile[]): Violation[] {
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const violations: Violation[] = [];
  const seen = new Set<string>();
  const queue = byPath.has(CELL_PROGRAM) ? [CELL_PROGRAM] : [];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const file = byPath.get(path);
    if (!file) {
      violations.push(`${path}: is not there`);
      continue;
    }
    for (const { specifier, line } of importsOf(file.text)) {
      if (specifier.startsWith('.')) {
        queue.push(resolveImport(path, specifier));
      } else if (!CELL_COMPOSITION.includes(path) && !CELL_PACKAGES.includes(specifier)) {
        violations.push(`${path}:${line}: ${specifier} has no place beside hostile code`);
      }
    }
  }
  return violations;
}

function resolveImport(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function checkTraces({ path, text }: SourceFile): Violation[] {
  if (path === 'test/tidy.ts' || path === 'test/tidy.test.ts') return [];
  return MACHINE_TRACES.flatMap((pattern) => {
    const found = pattern.exec(text)?.[0];
    return found === undefined ? [] : [`${path}: ${found} is of one machine`];
  });
}
