/* Directories and special files with modes, which preview1 has not. */
#include <sys/stat.h>

#include "path.h"

int mkdirat(int dirfd, const char *path, mode_t mode) {
  return result(wolffia_path_mkdir(dirfd, path, strlen(path), mode));
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int mknodat(int dirfd, const char *path, mode_t mode, dev_t device) {
  return result(wolffia_path_mknod(dirfd, path, strlen(path), mode, device));
}

int mknod(const char *path, mode_t mode, dev_t device) {
  return mknodat(AT_FDCWD, path, mode, device);
}

int mkfifoat(int dirfd, const char *path, mode_t mode) {
  return mknodat(dirfd, path, (mode & ~S_IFMT) | S_IFIFO, 0);
}

int mkfifo(const char *path, mode_t mode) { return mkfifoat(AT_FDCWD, path, mode); }
