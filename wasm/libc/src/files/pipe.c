/* Pipes; preview1 has none. */
#include <fcntl.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

int pipe2(int ends[2], int flags) {
  if (flags & ~(O_CLOEXEC | O_NONBLOCK)) return fail(EINVAL);
  int made[2];
  int error = wasix_fd_pipe(&made[0], &made[1]);
  if (error) return fail(error);
  for (int i = 0; i < 2; i++) {
    if (flags & O_CLOEXEC) fcntl(made[i], F_SETFD, FD_CLOEXEC);
    if (flags & O_NONBLOCK) fcntl(made[i], F_SETFL, O_NONBLOCK);
    ends[i] = made[i];
  }
  return 0;
}

int pipe(int ends[2]) { return pipe2(ends, 0); }
