/** What the driver does with its inputs. */
export type Stage = 'preprocess' | 'assemble' | 'compile' | 'link';

/** Something on the command line that is compiled or linked, in its order. */
export type Input =
  | { readonly kind: 'source'; readonly path: string; readonly language: string | undefined }
  /** An object, an archive, or a flag of the linker. */
  | { readonly kind: 'linked'; readonly argument: string; readonly isPath: boolean };

export interface CcArguments {
  readonly stage: Stage;
  readonly output: string | undefined;
  readonly inputs: readonly Input[];
  /** For the compiler. */
  readonly flags: readonly string[];
  readonly libraryFolders: readonly string[];
  readonly dependencies: Dependencies | undefined;
  readonly forks: boolean;
  /** With wasi-libc alone: the program runs on any host of preview1. */
  readonly isPlain: boolean;
  readonly isStripped: boolean;
  readonly isCpp: boolean;
}

/** A rule for make, beside the object (`-MD`) or in its place (`-M`). */
export interface Dependencies {
  readonly replaceOutput: boolean;
  readonly file: string | undefined;
  /** `-M`, `-MP`, `-MT` … as clang has them. */
  readonly flags: readonly string[];
}

/** The command line asks for what there is not. */
export class CcUsageError extends Error {}

const CPP_SOURCE = /\.(cc|cp|cpp|cxx|c\+\+|C|CPP|ii)$/;
const SOURCE = /\.(c|i|s|S|ll|bc|cc|cp|cpp|cxx|c\+\+|C|CPP|ii)$/;

/** Flags of the compiler whose value stands behind them as a word of its own. */
const WITH_VALUE = new Set([
  ...['-I', '-D', '-U', '-include', '-imacros', '-isystem', '-iquote', '-idirafter', '-isysroot'],
  ...['-iprefix', '-iwithprefix', '-mllvm', '-Xclang', '-Xpreprocessor', '-arch', '--param'],
]);
const DEPENDENCY_FLAGS = new Set(['-M', '-MM', '-MD', '-MMD']);
const DEPENDENCY_VALUES = new Set(['-MT', '-MQ']);
/** Mean nothing where every program is one static module. */
const IGNORED = new RegExp(
  `^(${[
    ...['-static', '-static-libgcc', '-static-libstdc\\+\\+', '-rdynamic', '-pipe', '-pthread'],
    ...['-no-pie', '-pie', '-f(no-)?(pic|PIC|pie|PIE)', '-fstack-protector.*', '-Wa,.*'],
    ...['-march=.*', '-mtune=.*', '-m(32|64)'],
  ].join('|')})$`,
);

/** Reads the command line of `cc` or `c++`. Throws CcUsageError. */
export function parseCcArguments(args: readonly string[], isCpp: boolean): CcArguments {
  return new CcParser(args, isCpp).parse();
}

class CcParser {
  readonly #args: readonly string[];
  #at = 0;
  #stage: Stage = 'link';
  #output: string | undefined;
  #language: string | undefined;
  readonly #inputs: Input[] = [];
  readonly #flags: string[] = [];
  readonly #libraryFolders: string[] = [];
  #replaceOutput: boolean | undefined;
  #dependencyFile: string | undefined;
  readonly #dependencyFlags: string[] = [];
  #forks = false;
  #isPlain = false;
  #isStripped = false;
  #isCpp: boolean;

  constructor(args: readonly string[], isCpp: boolean) {
    this.#args = args;
    this.#isCpp = isCpp;
  }

  parse(): CcArguments {
    while (this.#at < this.#args.length) this.#next();
    if (this.#inputs.length === 0) throw new CcUsageError('no input files');
    const isOne = this.#inputs.filter(({ kind }) => kind === 'source').length === 1;
    if (this.#output !== undefined && this.#stage !== 'link' && !isOne) {
      throw new CcUsageError('-o is for one output, and there are several sources');
    }
    return {
      stage: this.#stage,
      output: this.#output,
      inputs: this.#inputs,
      flags: this.#flags,
      libraryFolders: this.#libraryFolders,
      dependencies:
        this.#replaceOutput === undefined
          ? undefined
          : {
              replaceOutput: this.#replaceOutput,
              file: this.#dependencyFile,
              flags: this.#dependencyFlags,
            },
      forks: this.#forks,
      isPlain: this.#isPlain,
      isStripped: this.#isStripped,
      isCpp: this.#isCpp,
    };
  }

  #next(): void {
    const arg = this.#args[this.#at++] ?? '';
    if (arg === '-' || !arg.startsWith('-')) this.#addInput(arg);
    else if (!this.#readMode(arg) && !this.#readLinking(arg) && !this.#readDependency(arg)) {
      this.#readFlag(arg);
    }
  }

  #readMode(arg: string): boolean {
    if (arg === '-c') this.#stage = 'compile';
    else if (arg === '-S') this.#stage = 'assemble';
    else if (arg === '-E') this.#stage = 'preprocess';
    else if (arg === '-mfork') this.#forks = true;
    else if (arg === '-mplain') this.#isPlain = true;
    else if (arg.startsWith('-o')) this.#output = arg.slice(2) || this.#value(arg);
    else if (arg.startsWith('-x')) {
      const language = arg.slice(2) || this.#value(arg);
      this.#language = language === 'none' ? undefined : language;
    } else return false;
    return true;
  }

  #readLinking(arg: string): boolean {
    if (arg === '-shared') throw new CcUsageError('there are no shared libraries: link with ar');
    if (arg === '-s') this.#isStripped = true;
    else if (arg.startsWith('-L')) this.#libraryFolders.push(arg.slice(2) || this.#value(arg));
    else if (arg.startsWith('-l')) this.#addLinked(`-l${arg.slice(2) || this.#value(arg)}`);
    else if (arg.startsWith('-Wl,'))
      for (const one of arg.slice(4).split(',')) this.#addLinked(one);
    else if (arg === '-Xlinker') this.#addLinked(this.#value(arg));
    else if (arg === '-z') this.#addLinked('-z', this.#value(arg));
    else return false;
    return true;
  }

  #readDependency(arg: string): boolean {
    if (DEPENDENCY_FLAGS.has(arg)) {
      this.#replaceOutput = arg === '-M' || arg === '-MM';
      // The rule is made by a run of its own.
      this.#dependencyFlags.push(arg.replace('D', ''));
    } else if (DEPENDENCY_VALUES.has(arg)) {
      this.#dependencyFlags.push(arg, this.#value(arg));
    } else if (arg === '-MF') this.#dependencyFile = this.#value(arg);
    else if (arg === '-MP' || arg === '-MG') this.#dependencyFlags.push(arg);
    else return false;
    return true;
  }

  #readFlag(arg: string): void {
    if (IGNORED.test(arg)) return;
    this.#flags.push(arg);
    if (WITH_VALUE.has(arg)) this.#flags.push(this.#value(arg));
  }

  #addInput(path: string): void {
    const language = this.#language ?? (path === '-' ? 'c' : undefined);
    if (language !== undefined || SOURCE.test(path)) {
      this.#inputs.push({ kind: 'source', path, language });
      if (language?.startsWith('c++') || CPP_SOURCE.test(path)) this.#isCpp = true;
    } else this.#inputs.push({ kind: 'linked', argument: path, isPath: true });
  }

  #addLinked(...words: readonly string[]): void {
    for (const argument of words) this.#inputs.push({ kind: 'linked', argument, isPath: false });
  }

  #value(flag: string): string {
    const value = this.#args[this.#at++];
    if (value === undefined) throw new CcUsageError(`${flag} needs a value`);
    return value;
  }
}
