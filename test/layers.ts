/**
 * The architecture as a table: which folder of `src/` may import which. Imports go down only.
 * `tidy.test.ts` enforces it, type imports included; and that all that `src/main/cell.ts` is made of,
 * which runs beside hostile code, uses nothing of Node's. The reasons stand in ARCHITECTURE.md.
 */
export interface Layer {
  readonly imports: readonly string[];
  /** The npm packages that this folder may use. */
  readonly packages?: readonly string[];
}

export const LAYERS: { readonly [folder: string]: Layer } = {
  base: { imports: [] },
  spec: { imports: ['base'], packages: ['valibot'] },
  wire: { imports: ['base', 'spec'], packages: ['valibot'] },
  link: { imports: ['base', 'spec'], packages: ['valibot'] },
  archive: { imports: ['base', 'spec'], packages: ['tar-stream'] },
  rewrite: { imports: ['base'] },
  vfs: { imports: ['base', 'spec', 'archive'] },
  snapshot: { imports: ['base', 'spec', 'archive', 'vfs'] },
  kernel: { imports: ['base', 'spec', 'vfs'] },
  abi: { imports: ['base', 'vfs', 'kernel'] },
  cell: { imports: ['base', 'spec', 'link', 'rewrite', 'vfs', 'kernel', 'abi'] },
  registry: { imports: ['base', 'spec'] },
  image: { imports: ['base', 'spec', 'archive', 'registry'] },
  runtime: { imports: ['base', 'spec', 'link'] },
  engine: { imports: ['base', 'spec', 'snapshot', 'image', 'runtime'] },
  api: { imports: ['base', 'spec', 'wire', 'registry', 'image', 'runtime', 'engine'] },
  cli: { imports: ['base', 'spec', 'wire', 'archive'] },
  main: {
    imports: [
      'base',
      'wire',
      'link',
      'abi',
      'cell',
      'registry',
      'snapshot',
      'image',
      'runtime',
      'engine',
      'api',
      'cli',
    ],
    packages: ['valibot'],
  },
};
