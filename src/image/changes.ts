import { EngineError } from '../base/engine-error.ts';
import type { RunConfig } from '../spec/image-config.ts';

/**
 * Applies Dockerfile instructions to an image's configuration, as `docker import --change` takes
 * them.
 *
 * # Errors
 * invalid-argument: an instruction that does not exist or cannot be used here, or bad arguments
 */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  let result = config;
  for (const change of changes) {
    const [, name = '', text = ''] = /^\s*(\w+)\s+(.*?)\s*$/s.exec(change) ?? [];
    const apply = INSTRUCTIONS.get(name.toUpperCase());
    if (!apply) {
      throw new EngineError('invalid-argument', `${name || change} is not a valid change command`);
    }
    result = { ...result, ...apply(text, result) };
  }
  return result;
}

type Instruction = (text: string, config: RunConfig) => Partial<RunConfig>;

const INSTRUCTIONS: ReadonlyMap<string, Instruction> = new Map<string, Instruction>([
  ['CMD', (text) => ({ Cmd: commandOf(text) })],
  ['ENTRYPOINT', (text) => ({ Entrypoint: commandOf(text) })],
  ['ENV', (text, { Env }) => ({ Env: mergeEnv(Env ?? [], text) })],
  ['EXPOSE', (text, config) => ({ ExposedPorts: { ...config.ExposedPorts, ...portsOf(text) } })],
  [
    'LABEL',
    (text, { Labels }) => ({ Labels: { ...Labels, ...Object.fromEntries(pairsOf(text)) } }),
  ],
  ['STOPSIGNAL', (text) => ({ StopSignal: text })],
  ['USER', (text) => ({ User: text })],
  ['VOLUME', (text, { Volumes }) => ({ Volumes: { ...Volumes, ...setOf(wordsOf(text)) } })],
  ['WORKDIR', (text, { WorkingDir }) => ({ WorkingDir: joinPath(WorkingDir ?? '/', text) })],
]);

/** `["a", "b"]`, or a line for the shell. */
function commandOf(text: string): string[] {
  return jsonList(text) ?? ['/bin/sh', '-c', text];
}

function wordsOf(text: string): string[] {
  return jsonList(text) ?? text.split(/\s+/).filter((word) => word !== '');
}

function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  } catch {
    // As in a Dockerfile: what is no JSON list is a line of words.
  }
  return undefined;
}

function mergeEnv(env: readonly string[], text: string): string[] {
  const merged = new Map(env.map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
  for (const [name, value] of pairsOf(text)) merged.set(name, `${name}=${value}`);
  return [...merged.values()];
}

function portsOf(text: string): Record<string, unknown> {
  const ports = wordsOf(text).map((word) => (word.includes('/') ? word : `${word}/tcp`));
  const bad = ports.find((port) => !/^\d{1,5}(?:-\d{1,5})?\/(?:tcp|udp|sctp)$/.test(port));
  if (bad !== undefined) throw new EngineError('invalid-argument', `invalid port: ${bad}`);
  return setOf(ports);
}

function setOf(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function joinPath(base: string, path: string): string {
  if (path.startsWith('/')) return path;
  return base.endsWith('/') ? base + path : `${base}/${path}`;
}

/** `a=1 b="2 3"`, or the old `a rest of the line`. */
function pairsOf(text: string): [string, string][] {
  const first = /^[^\s=]+/.exec(text)?.[0] ?? '';
  if (first !== '' && text.charAt(first.length) !== '=') {
    const value = text.slice(first.length).trim();
    if (value === '') throw new EngineError('invalid-argument', `${text} must have a value`);
    return [[first, value]];
  }
  const pairs: [string, string][] = [];
  const pattern = /\s*([^\s=]+)=((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*)/sy;
  let position = 0;
  while (position < text.length) {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (!found)
      throw new EngineError('invalid-argument', `syntax error near ${text.slice(position)}`);
    pairs.push([found[1] ?? '', unquote(found[2] ?? '')]);
    position = pattern.lastIndex;
  }
  return pairs;
}

function unquote(text: string): string {
  return text.replaceAll(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs,
    (_, double: string | undefined, single: string | undefined, escaped: string | undefined) =>
      double?.replaceAll(/\\(.)/gs, '$1') ?? single ?? escaped ?? '',
  );
}
