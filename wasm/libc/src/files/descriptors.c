/* Duplication, flags and locks of file descriptors: preview1 has the file's status flags alone. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <unistd.h>
#include <wasi/api.h>
#include <wolffia/abi.h>

#include "../result.h"

#define CLOSE_ON_EXEC 1

int dup(int fd) {
  int copy;
  int error = wasix_fd_dup(fd, &copy);
  return error ? fail(error) : copy;
}

int dup2(int fd, int to) {
  int error = wolffia_fd_dup_to(fd, to, 0);
  return error ? fail(error) : to;
}

int dup3(int fd, int to, int flags) {
  if (fd == to || flags & ~O_CLOEXEC) return fail(EINVAL);
  int error = wolffia_fd_dup_to(fd, to, flags ? CLOSE_ON_EXEC : 0);
  return error ? fail(error) : to;
}

static int duplicate_from(int fd, int minimum, int close_on_exec) {
  if (minimum < 0) return fail(EINVAL);
  int copy;
  int error = wasix_fd_dup2(fd, minimum, close_on_exec, &copy);
  return error ? fail(error) : copy;
}

static int get_descriptor_flags(int fd) {
  uint16_t flags;
  int error = wasix_fd_fdflags_get(fd, &flags);
  return error ? fail(error) : flags & CLOSE_ON_EXEC ? FD_CLOEXEC : 0;
}

static int get_status_flags(int fd) {
  __wasi_fdstat_t stat;
  int error = __wasi_fd_fdstat_get(fd, &stat);
  if (error) return fail(error);
  int flags = stat.fs_flags;
  if (stat.fs_rights_base & (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR)) flags |= O_RDONLY;
  if (stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE) flags |= O_WRONLY;
  return flags & O_RDWR ? flags : flags | O_SEARCH;
}

static int lock(int fd, int command, struct flock *lock) {
  struct wolffia_lock wanted = {
      .type = lock->l_type,
      .whence = lock->l_whence,
      .start = lock->l_start,
      .length = lock->l_len,
  };
  int error = wolffia_fd_lock(fd, command - F_GETLK, &wanted);
  if (error) return fail(error);
  if (command == F_GETLK) {
    *lock = (struct flock){
        .l_type = wanted.type,
        .l_whence = wanted.whence,
        .l_start = wanted.start,
        .l_len = wanted.length,
        .l_pid = wanted.pid,
    };
  }
  return 0;
}

int fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  int number = 0;
  struct flock *range = NULL;
  if (command >= F_GETLK && command <= F_SETLKW) {
    range = va_arg(rest, struct flock *);
  } else if (command != F_GETFD && command != F_GETFL) {
    number = va_arg(rest, int);
  }
  va_end(rest);
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate_from(fd, number, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
      return get_descriptor_flags(fd);
    case F_SETFD:
      return result(wasix_fd_fdflags_set(fd, number & FD_CLOEXEC ? CLOSE_ON_EXEC : 0));
    case F_GETFL:
      return get_status_flags(fd);
    case F_SETFL:
      return result(__wasi_fd_fdstat_set_flags(fd, number & 0xfff));
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
      return lock(fd, command, range);
    default:
      return fail(EINVAL);
  }
}

int lockf(int fd, int operation, off_t length) {
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length};
  switch (operation) {
    case F_LOCK:
      return fcntl(fd, F_SETLKW, &range);
    case F_TLOCK:
      return fcntl(fd, F_SETLK, &range);
    case F_ULOCK:
      range.l_type = F_UNLCK;
      return fcntl(fd, F_SETLK, &range);
    case F_TEST:
      if (fcntl(fd, F_GETLK, &range) < 0) return -1;
      return range.l_type == F_UNLCK || range.l_pid == getpid() ? 0 : fail(EACCES);
    default:
      return fail(EINVAL);
  }
}

int flock(int fd, int operation) { return result(wolffia_fd_flock(fd, operation)); }
