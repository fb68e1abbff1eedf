import type { FileSystem, FileSystemStatistics, Vnode } from './contract.ts';

/**
 * A file system that is made when somebody looks into it: an idle container never looks into /proc,
 * and its files would be the larger part of what the container costs.
 */
export class LazyFileSystem implements FileSystem {
  readonly typeName: string;
  readonly isReadOnly: boolean;
  readonly #make: () => FileSystem;
  #made: FileSystem | undefined;

  constructor(
    facts: { readonly typeName: string; readonly isReadOnly: boolean },
    make: () => FileSystem,
  ) {
    this.typeName = facts.typeName;
    this.isReadOnly = facts.isReadOnly;
    this.#make = make;
  }

  get root(): Vnode {
    return this.#fileSystem.root;
  }

  statistics(): FileSystemStatistics {
    return this.#fileSystem.statistics();
  }

  [Symbol.dispose](): void {
    this.#made?.[Symbol.dispose]();
  }

  get #fileSystem(): FileSystem {
    this.#made ??= this.#make();
    return this.#made;
  }
}
