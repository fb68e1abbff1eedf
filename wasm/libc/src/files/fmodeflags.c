/* fopen()'s "e": O_CLOEXEC is zero in wasi-libc. */
#include <fcntl.h>
#include <string.h>

int __fmodeflags(const char *mode) {
  int updates = strchr(mode, '+') != NULL;
  int flags = updates ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
  if (strchr(mode, 'x')) flags |= O_EXCL;
  if (strchr(mode, 'e')) flags |= O_CLOEXEC;
  if (*mode != 'r') flags |= O_CREAT;
  if (*mode == 'w') flags |= O_TRUNC;
  if (*mode == 'a') flags |= O_APPEND;
  return flags;
}
