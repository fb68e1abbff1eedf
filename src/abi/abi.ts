import type { ErrnoName } from '../base/errno.ts';
import type { Hostcall } from './hostcall.ts';

/** An application binary interface: the functions that a guest may import from one module name. */
export interface Abi {
  readonly moduleName: string;
  readonly errnoNumbers: Readonly<Record<ErrnoName, number>>;
  readonly calls: Readonly<Record<string, Hostcall>>;
  readonly support: Support;
}

/**
 * How much of what the interface says is there; `npm run docs` makes a row of each function in
 * docs/reference/system-calls.md. What is named nowhere here is there in full.
 */
export interface Support {
  /** One sentence on where the interface is from. */
  readonly about: string;
  /** By function: in what a call does less. */
  readonly partial: Readonly<Record<string, string>>;
  /** By function of the interface: why there is none. A program that imports it is refused. */
  readonly missing: Readonly<Record<string, string>>;
}
