/*
 * open(2) with modes, close-on-exec and O_RDONLY as 0, from the working directory that the kernel
 * keeps. wasi-libc
 * knows none of these; its fopen() and truncate() come here by __wasilibc_open_nomode, opendir()
 * by the nocwd form.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <wasi/api.h>
#include <wasi/libc-nocwd.h>
#include <wasi/libc.h>

#include "path.h"

#define READING (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR)
#define WRITING                                                                                \
  (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_ALLOCATE | \
   __WASI_RIGHTS_FD_FILESTAT_SET_SIZE)
#define ALL ((__WASI_RIGHTS_SOCK_ACCEPT << 1) - 1)

#define CLOSE_ON_EXEC 1

enum { DEFAULT_MODE = 0666 };

static int open_with_mode(int dirfd, const char *path, int flags, int mode) {
  if (is_missing(path, 0)) return fail(ENOENT);
  uint64_t rights = ALL & ~(READING | WRITING);
  int access = flags & O_ACCMODE;
  if (access == 0 || access & O_RDONLY) rights |= READING;
  if (access & O_WRONLY) rights |= WRITING;
  int fd;
  int error = wolffia_path_open(dirfd, flags & O_NOFOLLOW ? 0 : FOLLOW, path, strlen(path),
                                flags >> 12 & 0xfff, rights, ALL, flags & 0xfff,
                                flags & O_CLOEXEC ? CLOSE_ON_EXEC : 0, mode, &fd);
  return error ? fail(error) : fd;
}

static int mode_of(int flags, va_list rest) { return flags & O_CREAT ? va_arg(rest, int) : 0; }

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = mode_of(flags, rest);
  va_end(rest);
  return open_with_mode(AT_FDCWD, path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = mode_of(flags, rest);
  va_end(rest);
  return open_with_mode(dirfd, path, flags, mode);
}

int __wasilibc_open_nomode(const char *path, int flags) {
  return open_with_mode(AT_FDCWD, path, flags, DEFAULT_MODE);
}

int __wasilibc_nocwd_openat_nomode(int dirfd, const char *path, int flags) {
  return open_with_mode(dirfd, path, flags, DEFAULT_MODE);
}
