/*
 * The kernel keeps the working directory; wasi-libc keeps a string of its own that no other
 * process sees.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

int chdir(const char *path) { return result(wasix_chdir(path, strlen(path))); }

int fchdir(int fd) { return result(wolffia_fd_chdir(fd)); }

char *getcwd(char *buffer, size_t size) {
  char path[PATH_MAX];
  int length = sizeof path;
  int error = wasix_getcwd(path, &length);
  if (error) {
    errno = error;
    return NULL;
  }
  if (!buffer) {
    return strndup(path, length);
  }
  if (size <= (size_t)length) {
    errno = size == 0 ? EINVAL : ERANGE;
    return NULL;
  }
  memcpy(buffer, path, length);
  buffer[length] = 0;
  return buffer;
}

char *get_current_dir_name(void) { return getcwd(NULL, 0); }

/* Containers cannot change their root. */
int chroot(const char *path) {
  (void)path;
  return fail(EPERM);
}
