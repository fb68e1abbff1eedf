/* chmod(2), chown(2), umask(2): wasi-libc's change nothing, or are absent. */
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"

int fchmodat(int dirfd, const char *path, mode_t mode, int flags) {
  if (is_missing(path, flags)) return fail(ENOENT);
  return result(wolffia_path_chmod(dirfd, lookup_of(flags), path, strlen(path), mode));
}

int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }

int lchmod(const char *path, mode_t mode) {
  return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

int fchmod(int fd, mode_t mode) {
  if (fd < 0) return fail(EBADF);
  return fchmodat(fd, "", mode, AT_EMPTY_PATH);
}

int fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags) {
  if (is_missing(path, flags)) return fail(ENOENT);
  return result(wolffia_path_chown(dirfd, lookup_of(flags), path, strlen(path), uid, gid));
}

int chown(const char *path, uid_t uid, gid_t gid) { return fchownat(AT_FDCWD, path, uid, gid, 0); }

int lchown(const char *path, uid_t uid, gid_t gid) {
  return fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int fchown(int fd, uid_t uid, gid_t gid) {
  if (fd < 0) return fail(EBADF);
  return fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
}

mode_t umask(mode_t mask) {
  int old = 0;
  wolffia_umask(mask, &old);
  return old;
}
