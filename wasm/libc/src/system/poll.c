/*
 * ppoll(2), pselect(2). The mask is set around the wait rather than with it: a signal that comes
 * between the two runs its
 * handler, and does not end the wait.
 */
#include <poll.h>
#include <limits.h>
#include <stddef.h>

enum { MS = 1000, NS_A_MS = 1000000 };

/* Rounded up, so that no wait is shorter than asked for. */
static int milliseconds(const struct timespec *time) {
  if (!time) return -1;
  if (time->tv_sec >= INT_MAX / MS - 1) return INT_MAX;
  return time->tv_sec * MS + (time->tv_nsec + NS_A_MS - 1) / NS_A_MS;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
  sigset_t before;
  if (mask && sigprocmask(SIG_SETMASK, mask, &before) < 0) return -1;
  int ready = poll(fds, count, milliseconds(timeout));
  if (mask) sigprocmask(SIG_SETMASK, &before, NULL);
  return ready;
}
