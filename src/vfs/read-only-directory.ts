import { ERRNO } from '../base/errno.ts';
import type { Attributes, DirectoryEntry, OpenFile, Vnode, Xattrs } from './contract.ts';
import { checkName } from './file-name.ts';
import { NO_XATTRS } from './xattrs.ts';

/**
 * A directory that nobody changes: the calls that would. (A base class, against the rule: ten
 * methods that every such directory would have to repeat word by word.)
 */
export abstract class ReadOnlyDirectory implements Vnode {
  readonly kind = 'directory';

  abstract attributes(): Attributes;
  abstract lookup(name: string): Vnode;
  abstract list(): readonly DirectoryEntry[];

  xattrs(): Xattrs {
    return NO_XATTRS;
  }

  readLink(): string {
    throw ERRNO.EINVAL;
  }

  open(): OpenFile {
    throw ERRNO.EISDIR;
  }

  change(): void {
    throw ERRNO.EROFS;
  }

  createFile(name: string): OpenFile {
    return refuse(name);
  }

  makeDirectory(name: string): void {
    refuse(name);
  }

  makeSymlink(name: string): void {
    refuse(name);
  }

  makeNode(name: string): void {
    refuse(name);
  }

  makeLink(name: string): void {
    refuse(name);
  }

  removeFile(name: string): void {
    refuse(name);
  }

  removeDirectory(name: string): void {
    refuse(name);
  }

  rename(name: string): void {
    refuse(name);
  }
}

function refuse(name: string): never {
  checkName(name);
  throw ERRNO.EROFS;
}
