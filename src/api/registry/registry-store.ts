import type { Clock } from '../../base/clock.ts';
import type { ImageService } from '../../image/image-service.ts';
import type { Digest } from '../../spec/digest.ts';
import type { BlobUploads } from './blob-uploads.ts';
import type { PushLeases } from './push-leases.ts';

/** What the endpoints of one registry work with. */
export interface RegistryStore {
  readonly images: Pick<
    ImageService,
    'content' | 'layers' | 'leases' | 'table' | 'registrar' | 'remove'
  >;
  /** Whether a container is made of the image. */
  readonly isUsed: (imageId: Digest) => boolean;
  readonly uploads: BlobUploads;
  readonly leases: PushLeases;
  /** Does one thing after the other, in the order in which they were asked for. */
  readonly inLine: <Answer>(act: () => Promise<Answer>) => Promise<Answer>;
  readonly clock: Clock;
  /** Aborted when the registry closes. */
  readonly closing: AbortSignal;
}
