/* Sets of signals: signal N is bit N - 1. */
#include <signal.h>

#include "../result.h"

static int is_signal(int number) { return number >= 1 && number < _NSIG; }

static unsigned long long bit_of(int number) { return 1ULL << (number - 1); }

int sigemptyset(sigset_t *set) {
  set->__bits = 0;
  return 0;
}

int sigfillset(sigset_t *set) {
  set->__bits = ~0ULL;
  return 0;
}

int sigaddset(sigset_t *set, int number) {
  if (!is_signal(number)) return fail(EINVAL);
  set->__bits |= bit_of(number);
  return 0;
}

int sigdelset(sigset_t *set, int number) {
  if (!is_signal(number)) return fail(EINVAL);
  set->__bits &= ~bit_of(number);
  return 0;
}

int sigismember(const sigset_t *set, int number) {
  if (!is_signal(number)) return fail(EINVAL);
  return (set->__bits & bit_of(number)) != 0;
}

int sigisemptyset(const sigset_t *set) { return set->__bits == 0; }

int sigorset(sigset_t *result, const sigset_t *one, const sigset_t *other) {
  result->__bits = one->__bits | other->__bits;
  return 0;
}

int sigandset(sigset_t *result, const sigset_t *one, const sigset_t *other) {
  result->__bits = one->__bits & other->__bits;
  return 0;
}
