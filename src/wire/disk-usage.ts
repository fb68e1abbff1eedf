import type { ContainerSummary } from './container.ts';
import type { ImageSummary } from './image.ts';

/** The `type` parameters that `GET /system/df` knows; without any it answers all. */
export const DISK_USAGE_TYPES = ['container', 'image', 'volume', 'build-cache'] as const;

/** `GET /system/df`. Sizes are bytes. What was not asked for is absent. */
export interface DiskUsageResponse {
  /** Of all layers, each once. */
  readonly LayersSize?: number;
  readonly Images?: readonly ImageSummary[];
  readonly Containers?: readonly SizedContainerSummary[];
  readonly Volumes?: readonly never[];
  readonly BuildCache?: readonly never[];
  /** Our own. */
  readonly Wolffia?: {
    /** All content: layers as they were sent and uncompressed, manifests, what is left over. */
    readonly ContentSize: number;
    /** What of it containers' images need. */
    readonly UsedSize: number;
    /** What of it no image needs. */
    readonly UnusedSize: number;
  };
}

export interface SizedContainerSummary extends ContainerSummary {
  /** What it wrote; absent when that cannot be told. */
  readonly SizeRw?: number;
  /** The same with its image. */
  readonly SizeRootFs?: number;
}

/**
 * `GET /system/fsck`, our own: a stream of these, a line each, in the order in which things were
 * looked at. The last one has `Done`.
 */
export const FSCK_PATH = '/system/fsck';

export interface FsckMessage {
  /** What is looked at now. */
  readonly Checking?: { readonly Digest: string; readonly Size: number };
  readonly Finding?: FsckFinding;
  readonly Done?: { readonly Checked: number; readonly Size: number };
  /** The check itself failed; nothing comes after it. */
  readonly Error?: string;
}

export interface FsckFinding {
  readonly Severity: 'loss' | 'note';
  readonly Subject: string;
  readonly Message: string;
}
