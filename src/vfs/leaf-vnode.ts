import { ERRNO } from '../base/errno.ts';
import type {
  Attributes,
  AttributesChange,
  DirectoryEntry,
  FileKind,
  OpenFile,
  OpenMode,
  Vnode,
  Xattrs,
} from './contract.ts';
import { NO_XATTRS } from './xattrs.ts';

/**
 * A file that is no directory: the calls that only a directory answers. (A base class, against the
 * rule: ten methods that every such file would have to repeat word by word.)
 */
export abstract class LeafVnode implements Vnode {
  abstract readonly kind: FileKind;
  abstract attributes(): Attributes;
  abstract change(change: AttributesChange): void;
  abstract open(mode: OpenMode): OpenFile;

  /** None; file systems that keep some say so. */
  xattrs(): Xattrs {
    return NO_XATTRS;
  }

  readLink(): string {
    throw ERRNO.EINVAL;
  }

  lookup(_name: string): Vnode {
    throw ERRNO.ENOTDIR;
  }

  list(): readonly DirectoryEntry[] {
    throw ERRNO.ENOTDIR;
  }

  createFile(_name: string, _permissions: number, _mode: OpenMode): OpenFile {
    throw ERRNO.ENOTDIR;
  }

  makeDirectory(_name: string, _permissions: number): void {
    throw ERRNO.ENOTDIR;
  }

  makeSymlink(_name: string, _target: string): void {
    throw ERRNO.ENOTDIR;
  }

  makeNode(_name: string): void {
    throw ERRNO.ENOTDIR;
  }

  makeLink(_name: string, _target: Vnode): void {
    throw ERRNO.ENOTDIR;
  }

  removeFile(_name: string): void {
    throw ERRNO.ENOTDIR;
  }

  removeDirectory(_name: string): void {
    throw ERRNO.ENOTDIR;
  }

  rename(_name: string, _newParent: Vnode, _newName: string): void {
    throw ERRNO.ENOTDIR;
  }
}
