/* A path, and the directory that it starts from, as the kernel's calls take them. */
#ifndef WOLFFIA_PATH_H
#define WOLFFIA_PATH_H

#include <fcntl.h>
#include <string.h>
#include <wolffia/abi.h>

#include "../result.h"

_Static_assert(AT_FDCWD == WOLFFIA_CWD, "wasi-libc's own path calls name it, too");

#define FOLLOW 1

static inline int lookup_of(int flags) { return flags & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW; }

/*
 * POSIX has the empty path fail; the kernel takes it for the file that `dirfd` is open on, which
 * is what programs ask
 * for by AT_EMPTY_PATH.
 */
static inline int is_missing(const char *path, int flags) {
  return *path == 0 && !(flags & AT_EMPTY_PATH);
}

#endif
