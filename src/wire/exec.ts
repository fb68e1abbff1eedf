import * as v from 'valibot';
import { consoleSize } from './container-create.ts';
import { optional } from './parse-body.ts';

/** The body of `POST /containers/{id}/exec`. */
export const execCreateRequest = v.object({
  AttachStdin: optional(v.boolean()),
  AttachStdout: optional(v.boolean()),
  AttachStderr: optional(v.boolean()),
  ConsoleSize: optional(consoleSize),
  DetachKeys: optional(v.string()),
  Tty: optional(v.boolean()),
  Env: optional(v.array(v.string())),
  Cmd: optional(v.array(v.string())),
  Privileged: optional(v.boolean()),
  User: optional(v.string()),
  WorkingDir: optional(v.string()),
});

/** The body of `POST /exec/{id}/start`. */
export const execStartRequest = v.object({
  Detach: optional(v.boolean()),
  Tty: optional(v.boolean()),
  ConsoleSize: optional(consoleSize),
});

export type ExecCreateRequest = v.InferOutput<typeof execCreateRequest>;
export type ExecStartRequest = v.InferOutput<typeof execStartRequest>;

/** Answered with status 201. */
export interface ExecCreateResponse {
  readonly Id: string;
}

/** `GET /exec/{id}/json` */
export interface ExecInspect {
  readonly ID: string;
  readonly Running: boolean;
  /** Null until it has ended. */
  readonly ExitCode: number | null;
  readonly ProcessConfig: {
    readonly tty: boolean;
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged: boolean;
    readonly user?: string;
  };
  readonly OpenStdin: boolean;
  readonly OpenStdout: boolean;
  readonly OpenStderr: boolean;
  readonly CanRemove: boolean;
  readonly ContainerID: string;
  readonly DetachKeys: string;
  /** Of the host's process in which it runs; 0 when it does not. */
  readonly Pid: number;
}
