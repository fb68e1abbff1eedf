/*
 * access(2) by the real or the effective ids; wasi-libc asks preview1's rights, which know no ids.
 */
#include <unistd.h>

#include "path.h"

int faccessat(int dirfd, const char *path, int wanted, int flags) {
  if (is_missing(path, flags)) return fail(ENOENT);
  int effective = (flags & AT_EACCESS) != 0;
  return result(
      wolffia_path_access(dirfd, lookup_of(flags), path, strlen(path), wanted, effective));
}

int access(const char *path, int wanted) { return faccessat(AT_FDCWD, path, wanted, 0); }

int eaccess(const char *path, int wanted) {
  return faccessat(AT_FDCWD, path, wanted, AT_EACCESS);
}

int euidaccess(const char *path, int wanted) { return eaccess(path, wanted); }
