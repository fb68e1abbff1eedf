/* Sleeping that signals cut short; wasi-libc answers ENOTSUP then, and not how much was left. */
#include <stdint.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>
#include <wolffia/abi.h>

enum { NS = 1000000000 };

static int64_t nanoseconds(const struct timespec *time) {
  return time->tv_sec >= INT64_MAX / NS ? INT64_MAX : time->tv_sec * (int64_t)NS + time->tv_nsec;
}

static int64_t now(clockid_t clock) {
  struct timespec time;
  return clock_gettime(clock, &time) < 0 ? 0 : nanoseconds(&time);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
                    struct timespec *left) {
  if (flags & ~TIMER_ABSTIME || wanted->tv_sec < 0 || wanted->tv_nsec < 0 ||
      wanted->tv_nsec >= NS) {
    return EINVAL;
  }
  int64_t start = now(clock);
  int64_t duration = nanoseconds(wanted) - (flags & TIMER_ABSTIME ? start : 0);
  if (duration <= 0) return 0;
  int error = wasix_thread_sleep(duration);
  if (error == EINTR && left && !(flags & TIMER_ABSTIME)) {
    int64_t remaining = duration - (now(clock) - start);
    if (remaining < 0) remaining = 0;
    *left = (struct timespec){.tv_sec = remaining / NS, .tv_nsec = remaining % NS};
  }
  return error;
}

int nanosleep(const struct timespec *wanted, struct timespec *left) {
  int error = clock_nanosleep(CLOCK_MONOTONIC, 0, wanted, left);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

/* Rounded: that half a second and more is left counts as a second. */
unsigned sleep(unsigned seconds) {
  struct timespec time = {.tv_sec = seconds}, left;
  if (clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left) == 0) return 0;
  return left.tv_sec + (left.tv_nsec >= NS / 2);
}

int usleep(unsigned us) {
  struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
  return nanosleep(&time, NULL);
}
