import type { ErrnoName } from '../base/errno.ts';
import type { Hostcall } from './hostcall.ts';

/** An application binary interface: the functions that a guest may import from one module name. */
export interface Abi {
  readonly moduleName: string;
  readonly errnoNumbers: Readonly<Record<ErrnoName, number>>;
  readonly calls: Readonly<Record<string, Hostcall>>;
}
