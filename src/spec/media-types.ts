/**
 * What content says that it is. OCI's names, Docker's for the same things, and those under which
 * WebAssembly modules are shipped.
 */
export const MEDIA_TYPES = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  /** https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/ */
  wasmConfig: 'application/vnd.wasm.config.v0+json',
  wasmLayer: 'application/wasm',
  /** Of wasm-to-oci and the like, before the one above was agreed on. */
  legacyWasmConfig: 'application/vnd.wasm.config.v1+json',
  legacyWasmLayer: 'application/vnd.wasm.content.layer.v1+wasm',
  /** What containerd's runwasi puts into an image beside or instead of its tar layers. */
  runwasiComponentLayer: 'application/vnd.bytecodealliance.wasm.component.layer.v0+wasm',
} as const;

/** The layer is a tar archive, as it is or compressed. */
const TAR_LAYERS: ReadonlySet<string> = new Set([
  MEDIA_TYPES.ociLayer,
  MEDIA_TYPES.ociLayerGzip,
  MEDIA_TYPES.ociLayerZstd,
  MEDIA_TYPES.dockerLayer,
  MEDIA_TYPES.dockerLayerGzip,
  // Deprecated: layers that used to be kept from registries.
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.foreign.diff.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]);

/** The layer is one WebAssembly module or component. */
const MODULE_LAYERS: ReadonlySet<string> = new Set([
  MEDIA_TYPES.wasmLayer,
  MEDIA_TYPES.legacyWasmLayer,
  MEDIA_TYPES.runwasiComponentLayer,
]);

export function isTarLayer(mediaType: string): boolean {
  return TAR_LAYERS.has(mediaType);
}

export function isModuleLayer(mediaType: string): boolean {
  return MODULE_LAYERS.has(mediaType);
}

export function isIndex(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerManifestList;
}

export function isManifest(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociManifest || mediaType === MEDIA_TYPES.dockerManifest;
}
