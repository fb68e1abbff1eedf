import { ADMISSION_LIMITS } from './admit.ts';
import { refused } from './byte-reader.ts';
import { EXTERNAL_KIND } from './external-kind.ts';
import type { ModuleOutline } from './module-sections.ts';
import { VALUE_TYPE } from './type-section.ts';

/** What Binaryen's `--asyncify` lets a module export, by which its stack is unwound and rewound. */
const ASYNCIFY_EXPORTS = [
  'asyncify_start_unwind',
  'asyncify_stop_unwind',
  'asyncify_start_rewind',
  'asyncify_stop_rewind',
] as const;

const NUMBER_TYPES: readonly number[] = [
  VALUE_TYPE.i32,
  VALUE_TYPE.i64,
  VALUE_TYPE.f32,
  VALUE_TYPE.f64,
];

/**
 * The globals that make up an instance's state beside its memory and tables, by index: what fork
 * has to copy, and what has to be set back before an instance can be used again. Undefined where
 * that cannot be done: a global holds what JavaScript cannot read (a vector) or means something to
 * one instance only (a reference), or there are too many.
 *
 * # Errors: invalid-argument for more globals than `ADMISSION_LIMITS` allows in a module that forks
 */
export function copyableGlobals(outline: ModuleOutline): readonly number[] | undefined {
  const { exports, mutableGlobals } = outline;
  const isExported = (name: string): boolean =>
    exports.some(
      (candidate) => candidate.name === name && candidate.kind === EXTERNAL_KIND.function,
    );
  if (!mutableGlobals.every(({ type }) => NUMBER_TYPES.includes(type))) return undefined;
  const { copiedGlobals } = ADMISSION_LIMITS;
  if (mutableGlobals.length > copiedGlobals) {
    if (!ASYNCIFY_EXPORTS.every(isExported)) return undefined;
    throw refused(
      `${mutableGlobals.length} mutable globals with asyncify are more than ${copiedGlobals}`,
    );
  }
  return mutableGlobals.map(({ index }) => index);
}
