import { posix } from 'node:path';
import { EngineError } from '../base/engine-error.ts';
import { type Digest, parseDigest } from '../spec/digest.ts';
import { type ImageConfig, parseImageConfig, type RunConfig } from '../spec/image-config.ts';
import type { Descriptor, ImageManifest } from '../spec/manifest.ts';
import { isModuleLayer, isTarLayer, MEDIA_TYPES } from '../spec/media-types.ts';
import { DEFAULT_PLATFORM } from '../spec/platform.ts';
import { parseWasmConfig, type WasmConfig } from '../spec/wasm-config.ts';
import type { HistoryStep, Image, ImageLayer } from './contract.ts';

/**
 * What kind of image a manifest describes: an ordinary one with an image configuration, or a
 * WebAssembly artifact, whose configuration says little or nothing. The configuration's media type
 * tells, then the layers' ones; what they do not tell, the content's first bytes do once it is here.
 */
export type ImageForm =
  | { readonly kind: 'image'; readonly config: ImageConfig }
  | { readonly kind: 'artifact'; readonly config: WasmConfig };

const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  MEDIA_TYPES.ociConfig,
  MEDIA_TYPES.dockerConfig,
]);
const WASM_CONFIGS: ReadonlySet<string> = new Set([
  MEDIA_TYPES.wasmConfig,
  MEDIA_TYPES.legacyWasmConfig,
]);

/** Configurations are small; the rest of one that is larger than this is not read. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/**
 * # Errors
 * - invalid-argument: the configuration is none of its type; an image has more or fewer layers than
 *   its configuration says
 * - not-implemented: the manifest is of something that is no image (a chart, a signature)
 */
export function imageFormOf(manifest: ImageManifest, configBytes: Uint8Array): ImageForm {
  const { mediaType } = manifest.config;
  if (IMAGE_CONFIGS.has(mediaType)) {
    return { kind: 'image', config: parseConfig(configBytes, manifest) };
  }
  if (WASM_CONFIGS.has(mediaType)) {
    return { kind: 'artifact', config: parseWasmConfig(configBytes) };
  }
  // What the configuration of another tool says is nothing to us.
  if (manifest.layers.some(mayBeModule)) return { kind: 'artifact', config: {} };
  throw new EngineError('not-implemented', `unsupported media type ${mediaType}: no image`);
}

/** Tools that know nothing of images send modules as any file; its content has to tell. */
function mayBeModule({ mediaType, annotations }: Descriptor): boolean {
  if (isModuleLayer(mediaType) || mediaType === 'application/octet-stream') return true;
  return annotations?.[TITLE]?.endsWith('.wasm') === true;
}

/**
 * To be asked when its layers are here.
 *
 * # Errors
 * not-implemented: an artifact without any module is no image
 */
export function checkHasModule(
  form: Pick<ImageForm, 'kind'>,
  { config }: ImageManifest,
  layers: readonly ImageLayer[],
): void {
  if (form.kind === 'image' || layers.some(({ modulePath }) => modulePath !== undefined)) return;
  throw new EngineError(
    'not-implemented',
    `unsupported media type ${config.mediaType}: no image, none of its layers is a module`,
  );
}

function parseConfig(bytes: Uint8Array, { config, layers }: ImageManifest): ImageConfig {
  let parsed: ImageConfig;
  try {
    parsed = parseImageConfig(Buffer.from(bytes).toString());
  } catch (thrown) {
    throw new EngineError('invalid-argument', `invalid image configuration ${config.digest}`, {
      cause: thrown,
    });
  }
  const archives = layers.filter((layer) => !isModuleLayer(layer.mediaType));
  const count = parsed.rootfs.diff_ids.length;
  if (count === archives.length || count === layers.length) return parsed;
  throw new EngineError(
    'invalid-argument',
    `invalid image: ${layers.length} layers, and a configuration with ${count}`,
  );
}

/**
 * The diffId that the configuration promises for the manifest's layer of that index; undefined
 * where it promises none.
 */
export function promisedDiffId(
  form: ImageForm,
  manifest: ImageManifest,
  index: number,
): Digest | undefined {
  const layer = manifest.layers[index];
  if (form.kind === 'artifact' || !layer) return undefined;
  const { diff_ids: diffIds } = form.config.rootfs;
  if (diffIds.length === manifest.layers.length) return parseDigest(diffIds[index] ?? '');
  if (isModuleLayer(layer.mediaType)) return undefined;
  const before = manifest.layers.slice(0, index);
  const place = before.filter(({ mediaType }) => !isModuleLayer(mediaType)).length;
  return parseDigest(diffIds[place] ?? '');
}

/**
 * # Errors
 * not-implemented, naming the layer: it says to be something that no image is made of
 */
export function checkLayerTypes({ layers }: ImageManifest): void {
  for (const { mediaType, digest } of layers) {
    if (isTarLayer(mediaType) || isModuleLayer(mediaType)) continue;
    // Tools that know nothing of images send archives and modules so: their first bytes tell.
    if (/\b(?:wasm|tar|octet-stream)\b/.test(mediaType)) continue;
    throw new EngineError(
      'not-implemented',
      `unsupported media type ${mediaType} of layer ${digest}`,
    );
  }
}

/** What a layer that is a file is called. */
export const TITLE = 'org.opencontainers.image.title';
const DEFAULT_MODULE_PATH = '/module.wasm';
const MAX_MODULE_PATH = 255;

/**
 * Where a layer that is a bare module is to be found in a container: where the image's command
 * looks for it, when it is the only one; else under its title.
 */
export function modulePathOf(form: ImageForm, manifest: ImageManifest, index: number): string {
  const command = form.kind === 'image' ? programPathOf(form.config.config ?? {}) : '';
  if (manifest.layers.length === 1 && isPlainPath(command)) return command;
  const title = manifest.layers[index]?.annotations?.[TITLE] ?? '';
  const name = `/${title.slice(title.lastIndexOf('/') + 1)}`;
  if (isPlainPath(name)) return name;
  return index === 0 ? DEFAULT_MODULE_PATH : `/module-${index}.wasm`;
}

/** As an absolute path: runwasi's tools write the program's name alone. Empty without a command. */
function programPathOf(config: RunConfig): string {
  const [command = ''] = commandOf(config);
  return command === '' ? '' : posix.resolve('/', config.WorkingDir ?? '', command);
}

/** Where the program is a layer, a command that is not a path means it, not something in $PATH. */
function withProgram(config: RunConfig, module: string): RunConfig {
  if (commandOf(config).length === 0) return { ...config, Entrypoint: [module] };
  if (programPathOf(config) !== module) return config;
  const { Entrypoint, Cmd } = config;
  if (Entrypoint && Entrypoint.length > 0) {
    return { ...config, Entrypoint: [module, ...Entrypoint.slice(1)] };
  }
  return { ...config, Cmd: [module, ...(Cmd ?? []).slice(1)] };
}

function commandOf({ Entrypoint, Cmd }: RunConfig): readonly string[] {
  return [...(Entrypoint ?? []), ...(Cmd ?? [])];
}

/** Absolute, without anything that a path could hide. */
function isPlainPath(path: string): boolean {
  if (path.length > MAX_MODULE_PATH || !/^(?:\/[\w.+-]+)+$/.test(path)) return false;
  return !path.split('/').some((name) => name === '.' || name === '..');
}

/** The part of an image that its form and its layers tell. */
export type ImageFacts = Pick<
  Image,
  'createdNs' | 'platform' | 'author' | 'comment' | 'config' | 'history' | 'sizeBytes'
>;

export function imageFactsOf(form: ImageForm, layers: readonly ImageLayer[]): ImageFacts {
  const sizeBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const module = layers.find(({ modulePath }) => modulePath !== undefined)?.modulePath;
  const { created, author, architecture, os } = form.config;
  const facts = { sizeBytes, createdNs: nanosecondsOf(created ?? ''), author: author ?? '' };
  if (form.kind === 'artifact') {
    return {
      ...facts,
      platform: { os: os ?? DEFAULT_PLATFORM.os, architecture: architecture ?? 'wasm' },
      comment: '',
      config: { Entrypoint: [module ?? DEFAULT_MODULE_PATH], WorkingDir: '/' },
      history: layers.map((layer) => ({
        createdNs: facts.createdNs,
        createdBy: layer.modulePath ?? '',
        comment: '',
        sizeBytes: layer.sizeBytes,
      })),
    };
  }
  const { variant, comment, config } = form.config;
  return {
    ...facts,
    platform: {
      os: form.config.os,
      architecture: form.config.architecture,
      ...(variant ? { variant } : {}),
    },
    comment: comment ?? '',
    config: module === undefined ? { ...config } : withProgram(config ?? {}, module),
    history: historyOf(form.config, layers),
  };
}

function historyOf({ history }: ImageConfig, layers: readonly ImageLayer[]): HistoryStep[] {
  let layerIndex = 0;
  return (history ?? []).map((step) => {
    const layer = step.empty_layer ? undefined : layers[layerIndex++];
    return {
      createdNs: nanosecondsOf(step.created ?? ''),
      createdBy: step.created_by ?? '',
      comment: step.comment ?? '',
      sizeBytes: layer?.sizeBytes ?? 0,
    };
  });
}

/** Of an RFC 3339 time; 0 for what is none. */
function nanosecondsOf(time: string): bigint {
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds)) return 0n;
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? '';
  const seconds = BigInt(Math.floor(milliseconds / 1000));
  return seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}
