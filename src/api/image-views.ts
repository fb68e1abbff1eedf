import { rfc3339Nano } from '../base/clock.ts';
import type { Image } from '../image/contract.ts';
import type { Descriptor } from '../spec/manifest.ts';
import type { Platform } from '../spec/platform.ts';
import { ZERO_TIME } from '../wire/container.ts';
import type {
  ContainerOnlyConfig,
  DescriptorResponse,
  ImageConfigResponse,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  ManifestSummary,
  PlatformResponse,
} from '../wire/image.ts';
import { compareVersions } from '../wire/versions.ts';

/** Versions of the API from which on answers look different. */
const WITHOUT_VIRTUAL_SIZE = '1.44';
const WITH_DESCRIPTOR = '1.48';
const WITHOUT_CONTAINER_CONFIG = '1.50';

export interface SummaryFacts {
  readonly apiVersion: string;
  readonly sharedSizeBytes?: number | undefined;
  readonly containerCount?: number | undefined;
  /** Ids of the containers that are made of it, when manifests are to be shown. */
  readonly containerIds?: readonly string[] | undefined;
}

/** Images in Docker's own spelling. */
export function imageSummary(image: Image, facts: SummaryFacts): ImageSummary {
  const { apiVersion, containerIds } = facts;
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Created: seconds(image.createdNs),
    Size: image.sizeBytes,
    ...virtualSize(image, apiVersion),
    SharedSize: facts.sharedSizeBytes ?? -1,
    Labels: image.config.Labels ?? null,
    Containers: facts.containerCount ?? -1,
    ...descriptorOf(image, apiVersion),
    ...(containerIds ? { Manifests: [manifestSummary(image, containerIds)] } : {}),
  };
}

export function imageInspect(
  image: Image,
  apiVersion: string,
  containerIds: readonly string[] | undefined,
): ImageInspect {
  const { platform } = image;
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: image.comment,
    Created: rfc3339Nano(image.createdNs),
    DockerVersion: '',
    Author: image.author,
    Config: configResponse(image, apiVersion),
    Architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { Variant: platform.variant }),
    Os: platform.os,
    Size: image.sizeBytes,
    ...virtualSize(image, apiVersion),
    GraphDriver: { Data: null, Name: 'wolffia' },
    RootFS: { Type: 'layers', Layers: image.layers.map(({ diffId }) => diffId) },
    Metadata: {
      LastTagTime: image.lastTaggedNs === 0n ? ZERO_TIME : rfc3339Nano(image.lastTaggedNs),
    },
    ...descriptorOf(image, apiVersion),
    ...(containerIds ? { Manifests: [manifestSummary(image, containerIds)] } : {}),
  };
}

const MISSING_ID = '<missing>';

/** The newest first. An artifact that tells nothing of how it was made has one step. */
export function imageHistory(image: Image): readonly ImageHistoryItem[] {
  const { history, createdNs, comment, sizeBytes } = image;
  const steps =
    history.length > 0 ? history.toReversed() : [{ createdNs, createdBy: '', comment, sizeBytes }];
  return steps.map((step, index) => ({
    Id: index === 0 ? image.id : MISSING_ID,
    Created: seconds(step.createdNs),
    CreatedBy: step.createdBy,
    Tags: index === 0 && image.repoTags.length > 0 ? image.repoTags : null,
    Size: step.sizeBytes,
    Comment: step.comment,
  }));
}

export function descriptorResponse(descriptor: Descriptor): DescriptorResponse {
  const { mediaType, digest, size, annotations, artifactType, platform } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(annotations ? { annotations } : {}),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform ? { platform: platformResponse(platform) } : {}),
  };
}

export function platformResponse({ architecture, os, variant }: Platform): PlatformResponse {
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}

function manifestSummary(image: Image, containerIds: readonly string[]): ManifestSummary {
  const { manifest, layers, platform, sizeBytes } = image;
  const content = layers.reduce((sum, { descriptor }) => sum + descriptor.size, manifest.size);
  return {
    ID: manifest.digest,
    Descriptor: descriptorResponse(manifest),
    Available: true,
    Kind: 'image',
    Size: { Content: content, Total: content + sizeBytes },
    ImageData: {
      Platform: platformResponse(platform),
      Containers: containerIds,
      Size: { Unpacked: sizeBytes },
    },
  };
}

function configResponse(
  { config }: Image,
  apiVersion: string,
): ImageConfigResponse & Partial<ContainerOnlyConfig> {
  const isOld = compareVersions(apiVersion, WITHOUT_CONTAINER_CONFIG) < 0;
  return {
    ...(isOld ? CONTAINER_ONLY_CONFIG : {}),
    User: config.User ?? '',
    ...(config.ExposedPorts ? { ExposedPorts: emptyObjects(config.ExposedPorts) } : {}),
    Env: config.Env ?? null,
    Cmd: config.Cmd ?? null,
    Entrypoint: config.Entrypoint ?? null,
    Volumes: config.Volumes ? emptyObjects(config.Volumes) : null,
    WorkingDir: config.WorkingDir ?? '',
    Labels: config.Labels ?? null,
    ...(config.StopSignal ? { StopSignal: config.StopSignal } : {}),
    OnBuild: null,
  };
}

const CONTAINER_ONLY_CONFIG: ContainerOnlyConfig = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
};

function descriptorOf(image: Image, apiVersion: string): { Descriptor?: DescriptorResponse } {
  if (compareVersions(apiVersion, WITH_DESCRIPTOR) < 0) return {};
  return { Descriptor: descriptorResponse(image.manifest) };
}

function virtualSize({ sizeBytes }: Image, apiVersion: string): { VirtualSize?: number } {
  return compareVersions(apiVersion, WITHOUT_VIRTUAL_SIZE) < 0 ? { VirtualSize: sizeBytes } : {};
}

function seconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000_000n);
}

/** Go's `map[string]struct{}`. */
function emptyObjects(set: Readonly<Record<string, unknown>>): Record<string, object> {
  return Object.fromEntries(Object.keys(set).map((name) => [name, {}]));
}
