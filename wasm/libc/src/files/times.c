/*
 * Times of files: wasi-libc's functions with paths, from the working directory, and those that it
 * lacks.
 */
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>
#include <wasi/libc-nocwd.h>

int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags) {
  return __wasilibc_nocwd_utimensat(dirfd, path, times, flags);
}

/* `times` in nanoseconds; a null pointer stays one: now. */
static const struct timespec *precise(const struct timeval times[2], struct timespec made[2]) {
  if (!times) return NULL;
  for (int i = 0; i < 2; i++) {
    made[i] = (struct timespec){.tv_sec = times[i].tv_sec, .tv_nsec = times[i].tv_usec * 1000};
  }
  return made;
}

int utimes(const char *path, const struct timeval times[2]) {
  struct timespec made[2];
  return utimensat(AT_FDCWD, path, precise(times, made), 0);
}

int lutimes(const char *path, const struct timeval times[2]) {
  struct timespec made[2];
  return utimensat(AT_FDCWD, path, precise(times, made), AT_SYMLINK_NOFOLLOW);
}

int futimes(int fd, const struct timeval times[2]) {
  struct timespec made[2];
  return futimens(fd, precise(times, made));
}

int utime(const char *path, const struct utimbuf *times) {
  if (!times) return utimensat(AT_FDCWD, path, NULL, 0);
  struct timespec made[2] = {{.tv_sec = times->actime}, {.tv_sec = times->modtime}};
  return utimensat(AT_FDCWD, path, made, 0);
}
