import type { Brand } from '../base/brand.ts';
import type { WindowSize } from '../spec/window-size.ts';
import type { ContainerId } from './container-id.ts';

/** 64 hexadecimal digits. */
export type ExecId = Brand<string, 'ExecId'>;

/** What a caller asks to be run beside a container's first process. */
export interface ExecRequest {
  readonly command: readonly string[];
  /** Over the container's own; a bare `NAME` takes the variable away. */
  readonly env: readonly string[];
  /** The container's when absent. */
  readonly workingDirectory?: string;
  /** The container's when absent. */
  readonly user?: string;
  readonly hasTerminal: boolean;
  readonly window?: WindowSize;
  readonly attachesStdin: boolean;
  readonly attachesStdout: boolean;
  readonly attachesStderr: boolean;
  /** Recorded and shown only. */
  readonly isPrivileged: boolean;
  /** `ctrl-p,ctrl-q`; those of whoever attaches when absent. */
  readonly detachKeys?: string;
}

/**
 * The life of an exec.
 *
 *     created ──start──▶ starting ──▶ running ──exit──▶ exited
 *                            └──────── refused ──────────▲
 */
export type ExecState =
  | { readonly status: 'created' }
  | { readonly status: 'starting' }
  | { readonly status: 'running'; readonly hostPid: number }
  | { readonly status: 'exited'; readonly exitCode: number };

/** It lives in memory: with the daemon all execs end. */
export interface ExecRecord {
  readonly id: ExecId;
  readonly containerId: ContainerId;
  readonly request: ExecRequest;
  readonly state: ExecState;
}
