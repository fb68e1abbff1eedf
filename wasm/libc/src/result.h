/* How the kernel's errors become errno. */
#ifndef WOLFFIA_RESULT_H
#define WOLFFIA_RESULT_H

#include <errno.h>

static inline int fail(int error) {
  errno = error;
  return -1;
}

/* What most functions answer: 0, or -1 with errno. */
static inline int result(int error) { return error == 0 ? 0 : fail(error); }

#endif
