import { join } from 'node:path';
import { EngineError, messageOf } from '../base/engine-error.ts';
import { treeSize } from '../engine/tree-size.ts';
import type { StoreUsage } from '../image/contract.ts';
import {
  DISK_USAGE_TYPES,
  type DiskUsageResponse,
  FSCK_PATH,
  type FsckMessage,
  type SizedContainerSummary,
} from '../wire/disk-usage.ts';
import type { ImageSummary } from '../wire/image.ts';
import { containerSummary } from './container-views.ts';
import type { Exchange } from './exchange.ts';
import type { ImageBackend } from './image-backend.ts';
import { imageSummary } from './image-views.ts';
import { LineStream } from './line-stream.ts';
import { type Route, route } from './route.ts';

/** How much there is on disk, and whether it is whole. */
export function diskUsageRoutes(backend: ImageBackend): readonly Route[] {
  return [
    route('GET', '/system/df', (exchange) => showDiskUsage(exchange, backend)),
    route('GET', FSCK_PATH, (exchange) => checkStore(exchange, backend)),
    // `docker system prune` asks for all of them in turn; of these kinds there is nothing.
    route('POST', '/networks/prune', (exchange) => exchange.json(200, { NetworksDeleted: null })),
    route('POST', '/volumes/prune', (exchange) =>
      exchange.json(200, { VolumesDeleted: null, SpaceReclaimed: 0 }),
    ),
    route('POST', '/build/prune', (exchange) =>
      exchange.json(200, { CachesDeleted: null, SpaceReclaimed: 0 }),
    ),
  ];
}

async function showDiskUsage(exchange: Exchange, backend: ImageBackend): Promise<void> {
  const wanted = exchange.query.getAll('type');
  const unknown = wanted.find((type) => !DISK_USAGE_TYPES.some((known) => known === type));
  if (unknown !== undefined) {
    throw new EngineError('invalid-argument', `unknown object type: ${unknown}`);
  }
  const isWanted = (type: (typeof DISK_USAGE_TYPES)[number]): boolean =>
    wanted.length === 0 || wanted.includes(type);
  const usage = backend.images.usage();
  const answer: DiskUsageResponse = {
    ...(isWanted('image')
      ? {
          LayersSize: usage.layersSizeBytes,
          Images: imagesWithSizes(backend, usage, exchange.apiVersion),
          Wolffia: {
            ContentSize: usage.totalSizeBytes,
            UsedSize: usedSize(backend),
            UnusedSize: usage.unusedSizeBytes,
          },
        }
      : {}),
    ...(isWanted('container') ? { Containers: await containersWithSizes(backend) } : {}),
    ...(isWanted('volume') ? { Volumes: [] } : {}),
    ...(isWanted('build-cache') ? { BuildCache: [] } : {}),
  };
  exchange.json(200, answer);
}

/** Of the images that containers are made of: a layer once, as it was sent and uncompressed. */
function usedSize({ images, containers }: ImageBackend): number {
  const used = new Set<string>(containers.all().map(({ config }) => config.imageId));
  const sizes = new Map<string, number>();
  for (const { id, manifest, layers } of images.list()) {
    if (!used.has(id)) continue;
    sizes.set(manifest.digest, manifest.size);
    for (const { descriptor, diffId, sizeBytes } of layers) {
      sizes.set(descriptor.digest, descriptor.size).set(diffId, sizeBytes);
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function imagesWithSizes(
  { images, containers }: ImageBackend,
  usage: StoreUsage,
  apiVersion: string,
): readonly ImageSummary[] {
  const counts = new Map<string, number>();
  for (const { config } of containers.all()) {
    counts.set(config.imageId, (counts.get(config.imageId) ?? 0) + 1);
  }
  return images.list().map((image) =>
    imageSummary(image, {
      apiVersion,
      sharedSizeBytes: usage.images.get(image.id)?.sharedSizeBytes ?? 0,
      containerCount: counts.get(image.id) ?? 0,
    }),
  );
}

async function containersWithSizes({
  images,
  containers,
  clock,
}: ImageBackend): Promise<readonly SizedContainerSummary[]> {
  const imageSizes = new Map<string, number>(
    images.list().map(({ id, sizeBytes }) => [id, sizeBytes]),
  );
  const nowNs = clock.realtimeNs();
  const summaries: SizedContainerSummary[] = [];
  for (const record of containers.all()) {
    const summary = containerSummary(record, nowNs);
    const written = await treeSize(join(containers.folderOf(record.id), 'upper'));
    const imageSize = imageSizes.get(record.config.imageId) ?? 0;
    const sizes = written === undefined ? {} : { SizeRw: written, SizeRootFs: written + imageSize };
    summaries.push({ ...summary, ...sizes });
  }
  return summaries;
}

async function checkStore(exchange: Exchange, { images }: ImageBackend): Promise<void> {
  const lines = new LineStream(exchange);
  const encoded = (message: FsckMessage): string => `${JSON.stringify(message)}\n`;
  let count = 0;
  let size = 0;
  const findings = images.check((digest, sizeBytes) => {
    count += 1;
    size += sizeBytes;
    lines.tell(encoded({ Checking: { Digest: digest, Size: sizeBytes } }));
  });
  try {
    for await (const { severity, subject, message } of findings) {
      // Nobody reads on: nothing is worth hashing.
      if (exchange.gone.aborted) return;
      const finding = { Severity: severity, Subject: subject, Message: message };
      await lines.say(encoded({ Finding: finding }));
    }
    await lines.say(encoded({ Done: { Checked: count, Size: size } }));
  } catch (thrown) {
    if (!exchange.hasBegun) throw thrown;
    await lines.say(encoded({ Error: messageOf(thrown) }));
  }
  await lines.end();
}
