/*
 * Links, renames and removal. preview1 has these; but wasi-libc would find a preopened directory
 * for every path, in the
 * one object that also defines open(). The kernel knows the working directory, so all is relative
 * to that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <wasi/libc-nocwd.h>
#include <wasi/libc.h>

#include "../result.h"

int linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags) {
  return __wasilibc_nocwd_linkat(from_dirfd, from, to_dirfd, to, flags);
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(const char *target, int dirfd, const char *path) {
  return __wasilibc_nocwd_symlinkat(target, dirfd, path);
}

int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

ssize_t readlinkat(int dirfd, const char *restrict path, char *restrict buffer, size_t size) {
  return __wasilibc_nocwd_readlinkat(dirfd, path, buffer, size);
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size) {
  return readlinkat(AT_FDCWD, path, buffer, size);
}

int renameat(int from_dirfd, const char *from, int to_dirfd, const char *to) {
  return __wasilibc_nocwd_renameat(from_dirfd, from, to_dirfd, to);
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int __wasilibc_unlinkat(int dirfd, const char *path) {
  return __wasilibc_nocwd___wasilibc_unlinkat(dirfd, path);
}

int __wasilibc_rmdirat(int dirfd, const char *path) {
  return __wasilibc_nocwd___wasilibc_rmdirat(dirfd, path);
}

int unlink(const char *path) { return __wasilibc_unlinkat(AT_FDCWD, path); }

int rmdir(const char *path) { return __wasilibc_rmdirat(AT_FDCWD, path); }

int remove(const char *path) {
  int removed = unlink(path);
  return removed != 0 && errno == EISDIR ? rmdir(path) : removed;
}
