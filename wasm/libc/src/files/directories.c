/* opendir(3) and scandir(3) from the working directory; see names.c. */
#include <dirent.h>
#include <fcntl.h>
#include <wasi/libc-nocwd.h>

DIR *opendirat(int dirfd, const char *path) { return __wasilibc_nocwd_opendirat(dirfd, path); }

DIR *opendir(const char *path) { return opendirat(AT_FDCWD, path); }

int scandirat(int dirfd, const char *path, struct dirent ***entries,
              int (*wanted)(const struct dirent *),
              int (*compare)(const struct dirent **, const struct dirent **)) {
  return __wasilibc_nocwd_scandirat(dirfd, path, entries, wanted, compare);
}

int scandir(const char *path, struct dirent ***entries, int (*wanted)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **)) {
  return scandirat(AT_FDCWD, path, entries, wanted, compare);
}
