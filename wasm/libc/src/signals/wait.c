/* Signals taken without a handler. */
#include <limits.h>
#include <signal.h>
#include <time.h>
#include <wolffia/abi.h>

#include "../result.h"

enum { NS = 1000000000 };

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict timeout) {
  int64_t timeout_ns = -1;
  if (timeout) {
    if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= NS) return fail(EINVAL);
    timeout_ns =
        timeout->tv_sec >= INT64_MAX / NS ? -1 : (int64_t)timeout->tv_sec * NS + timeout->tv_nsec;
  }
  struct wolffia_signal_info told;
  int error = wolffia_signal_wait(&set->__bits, timeout_ns, &told);
  if (error) return fail(error);
  if (info) {
    *info = (siginfo_t){
        .si_signo = told.signal,
        .si_code = told.code,
        .si_pid = told.pid,
        .si_uid = told.uid,
        .si_status = told.status,
    };
  }
  return told.signal;
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info) {
  return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *restrict set, int *restrict number) {
  int taken;
  do {
    taken = sigwaitinfo(set, NULL);
  } while (taken < 0 && errno == EINTR);
  if (taken < 0) return errno;
  *number = taken;
  return 0;
}
