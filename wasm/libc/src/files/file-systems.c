/* statfs(2), statvfs(3), sync(2); wasi-libc's statvfs fails, and it has no sync. */
#include <sys/statfs.h>
#include <unistd.h>

#include "path.h"

static int ask(int dirfd, const char *path, struct statfs *found) {
  struct wolffia_statfs told;
  int error = wolffia_path_statfs(dirfd, path, strlen(path), &told);
  if (error) return fail(error);
  *found = (struct statfs){
      .f_type = told.type,
      .f_bsize = told.block_size,
      .f_blocks = told.blocks,
      .f_bfree = told.blocks_free,
      .f_bavail = told.blocks_available,
      .f_files = told.files,
      .f_ffree = told.files_free,
      .f_namelen = told.name_max,
      .f_frsize = told.block_size,
      .f_flags = told.flags,
  };
  return 0;
}

int statfs(const char *path, struct statfs *found) {
  return is_missing(path, 0) ? fail(ENOENT) : ask(AT_FDCWD, path, found);
}

int fstatfs(int fd, struct statfs *found) { return fd < 0 ? fail(EBADF) : ask(fd, "", found); }

static int convert(int failed, const struct statfs *found, struct statvfs *converted) {
  if (failed) return -1;
  *converted = (struct statvfs){
      .f_bsize = found->f_bsize,
      .f_frsize = found->f_frsize,
      .f_blocks = found->f_blocks,
      .f_bfree = found->f_bfree,
      .f_bavail = found->f_bavail,
      .f_files = found->f_files,
      .f_ffree = found->f_ffree,
      .f_favail = found->f_ffree,
      .f_flag = found->f_flags,
      .f_namemax = found->f_namelen,
      .f_type = found->f_type,
  };
  return 0;
}

int statvfs(const char *restrict path, struct statvfs *restrict converted) {
  struct statfs found;
  return convert(statfs(path, &found), &found, converted);
}

int fstatvfs(int fd, struct statvfs *converted) {
  struct statfs found;
  return convert(fstatfs(fd, &found), &found, converted);
}

void sync(void) { wolffia_sync(); }

int syncfs(int fd) {
  struct statfs found;
  return fstatfs(fd, &found) < 0 ? -1 : result(wolffia_sync());
}
