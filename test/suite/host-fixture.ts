import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostFiles } from '../../src/vfs/host-files.ts';
import { createHostPaths, type HostPaths } from '../../src/vfs/host-paths.ts';

/** A directory of the host that is removed at the end, and the way to it. */
export class HostFixture implements Disposable {
  readonly directory: string;
  readonly host: HostFiles;
  readonly paths: HostPaths;

  /** `capacity`: of the cache of open directories; small ones make it work. */
  constructor(platform: string = process.platform, capacity = 8) {
    this.directory = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'wolffia-vfs-'));
    this.host = { fs, platform };
    this.paths = createHostPaths(this.host, capacity);
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  [Symbol.dispose](): void {
    this.paths[Symbol.dispose]();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}
