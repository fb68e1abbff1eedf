/* Clocks that wasi-libc leaves out. Nobody sets a clock here, and all times are UTC. */
#include <stddef.h>
#include <sys/time.h>
#include <time.h>
#include <wasi/api.h>

#include "../result.h"

struct __clockid {
  __wasi_clockid_t id;
};

const struct __clockid _CLOCK_PROCESS_CPUTIME_ID = {__WASI_CLOCKID_PROCESS_CPUTIME_ID};
const struct __clockid _CLOCK_THREAD_CPUTIME_ID = {__WASI_CLOCKID_THREAD_CPUTIME_ID};

int clock_settime(clockid_t clock, const struct timespec *time) {
  (void)clock;
  (void)time;
  return fail(EPERM);
}

int settimeofday(const struct timeval *time, const struct timezone *zone) {
  (void)time;
  (void)zone;
  return fail(EPERM);
}

int stime(const time_t *time) {
  (void)time;
  return fail(EPERM);
}
