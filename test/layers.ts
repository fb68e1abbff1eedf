/**
 * The architecture as a table: which folder of `src/` may import which. Imports go down only.
 * `tidy.test.ts` enforces it, type imports included. The reasons stand in ARCHITECTURE.md.
 */
export interface Layer {
  readonly imports: readonly string[];
  /** Runs inside cells, next to hostile code: imports only guest-side folders, and nothing of Node's. */
  readonly isGuestSide?: true;
  /** The npm packages that this folder alone may use. */
  readonly packages?: readonly string[];
}

export const LAYERS: { readonly [folder: string]: Layer } = {
  base: { imports: [], isGuestSide: true },
  spec: { imports: ['base'], isGuestSide: true, packages: ['valibot'] },
  wire: { imports: ['base', 'spec'], packages: ['valibot'] },
  link: { imports: ['base', 'spec'], isGuestSide: true, packages: ['valibot'] },
  archive: { imports: ['base', 'spec'], isGuestSide: true, packages: ['tar-stream'] },
  rewrite: { imports: ['base'], isGuestSide: true },
  vfs: { imports: ['base', 'spec', 'archive'], isGuestSide: true },
  kernel: { imports: ['base', 'vfs'], isGuestSide: true },
  abi: { imports: ['base', 'kernel'], isGuestSide: true },
  cell: { imports: ['base', 'spec', 'link', 'vfs', 'kernel', 'abi', 'rewrite'], isGuestSide: true },
  image: { imports: ['base', 'spec', 'archive'] },
  runtime: { imports: ['base', 'spec', 'link'] },
  engine: { imports: ['base', 'spec', 'image', 'runtime'] },
  api: { imports: ['base', 'wire', 'engine'] },
  cli: { imports: ['base', 'wire'] },
  main: {
    imports: [
      'base',
      'spec',
      'wire',
      'link',
      'archive',
      'rewrite',
      'vfs',
      'kernel',
      'abi',
      'cell',
      'image',
      'runtime',
      'engine',
      'api',
      'cli',
    ],
  },
};
