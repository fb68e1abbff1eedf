/* stat(2) with modes, owners, devices and blocks, of which preview1's filestat has none. */
#include <sys/stat.h>

#include "path.h"

enum { NS = 1000000000 };

/* Times before 1970 are negative: the nanoseconds count up from the second below. */
static struct timespec time_of(int64_t ns) {
  int64_t seconds = ns / NS - (ns % NS < 0);
  return (struct timespec){.tv_sec = seconds, .tv_nsec = ns - seconds * NS};
}

int fstatat(int dirfd, const char *restrict path, struct stat *restrict stat, int flags) {
  if (is_missing(path, flags)) return fail(ENOENT);
  struct wolffia_stat found;
  int error = wolffia_path_stat(dirfd, lookup_of(flags), path, strlen(path), &found);
  if (error) return fail(error);
  *stat = (struct stat){
      .st_dev = found.dev,
      .st_ino = found.ino,
      .st_nlink = found.nlink,
      .st_mode = found.mode,
      .st_uid = found.uid,
      .st_gid = found.gid,
      .st_rdev = found.rdev,
      .st_size = found.size,
      .st_blksize = found.block_size,
      .st_blocks = found.blocks,
      .st_atim = time_of(found.accessed_ns),
      .st_mtim = time_of(found.modified_ns),
      .st_ctim = time_of(found.changed_ns),
  };
  return 0;
}

int stat(const char *restrict path, struct stat *restrict stat) {
  return fstatat(AT_FDCWD, path, stat, 0);
}

int lstat(const char *restrict path, struct stat *restrict stat) {
  return fstatat(AT_FDCWD, path, stat, AT_SYMLINK_NOFOLLOW);
}

int fstat(int fd, struct stat *stat) {
  if (fd < 0) return fail(EBADF);
  return fstatat(fd, "", stat, AT_EMPTY_PATH);
}
