import type { Clock } from '../base/clock.ts';
import type { ContainerId } from '../engine/container-id.ts';
import type { ContainerRecord } from '../engine/container-record.ts';
import type { ImageStore } from '../image/contract.ts';
import type { ImageTransfers } from '../image/transfer-contract.ts';

/** What of the engine the routes about images need. */
export interface ImageBackend {
  readonly images: ImageStore;
  readonly transfers: ImageTransfers;
  readonly clock: Clock;
  readonly containers: {
    all(): readonly ContainerRecord[];
    /** Where a container's files are. */
    folderOf(id: ContainerId): string;
  };
}
