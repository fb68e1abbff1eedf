/* alarm(2), setitimer(2): one timer a process, which sends SIGALRM. */
#include <sys/time.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

enum { US = 1000000, NS_A_MICROSECOND = 1000 };

static uint64_t nanoseconds(struct timeval time) {
  return ((uint64_t)time.tv_sec * US + time.tv_usec) * NS_A_MICROSECOND;
}

/* Rounded up: a timer that runs is not zero. */
static struct timeval microseconds(uint64_t ns) {
  uint64_t us = (ns + NS_A_MICROSECOND - 1) / NS_A_MICROSECOND;
  return (struct timeval){.tv_sec = us / US, .tv_usec = us % US};
}

static int is_time(struct timeval time) {
  return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < US;
}

/* Either may be null. The timers of processor time are not there. */
static int change(int which, const struct itimerval *value, struct itimerval *old) {
  if (which != ITIMER_REAL) return fail(EINVAL);
  if (value && !(is_time(value->it_value) && is_time(value->it_interval))) return fail(EINVAL);
  uint64_t wanted[2], before[2];
  if (value) {
    wanted[0] = nanoseconds(value->it_value);
    wanted[1] = nanoseconds(value->it_interval);
  }
  int error = wolffia_timer(value ? wanted : NULL, before);
  if (error) return fail(error);
  if (old) {
    old->it_value = microseconds(before[0]);
    old->it_interval = microseconds(before[1]);
  }
  return 0;
}

int setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict old) {
  return change(which, value, old);
}

int getitimer(int which, struct itimerval *value) { return change(which, NULL, value); }

unsigned alarm(unsigned seconds) {
  struct itimerval value = {.it_value = {.tv_sec = seconds}}, old = {0};
  setitimer(ITIMER_REAL, &value, &old);
  // Half a second and more counts as one; and none that runs is told as zero.
  unsigned left = old.it_value.tv_sec + (old.it_value.tv_usec >= US / 2);
  return left == 0 && old.it_value.tv_usec > 0 ? 1 : left;
}

unsigned ualarm(unsigned first_us, unsigned interval_us) {
  struct itimerval value = {
      .it_value = {.tv_sec = first_us / US, .tv_usec = first_us % US},
      .it_interval = {.tv_sec = interval_us / US, .tv_usec = interval_us % US},
  };
  struct itimerval old = {0};
  setitimer(ITIMER_REAL, &value, &old);
  return old.it_value.tv_sec * US + old.it_value.tv_usec;
}
