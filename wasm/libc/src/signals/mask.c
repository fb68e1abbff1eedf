/* Which signals are blocked, and which wait behind that. */
#include <signal.h>
#include <stddef.h>
#include <wolffia/abi.h>

#include "../result.h"

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
  uint64_t before;
  int error = wolffia_signal_mask(how, set ? &set->__bits : NULL, &before);
  if (error) return fail(error);
  if (old) old->__bits = before;
  return 0;
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
  int saved = errno;
  int error = sigprocmask(how, set, old) < 0 ? errno : 0;
  errno = saved;
  return error;
}

int sigpending(sigset_t *set) {
  uint64_t pending;
  int error = wolffia_signal_pending(&pending);
  if (error) return fail(error);
  set->__bits = pending;
  return 0;
}

int sigsuspend(const sigset_t *mask) { return result(wolffia_signal_suspend(&mask->__bits)); }

int pause(void) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  return sigsuspend(&mask);
}

/* The functions of System V. */
static int change_one(int how, int number) {
  sigset_t set;
  sigemptyset(&set);
  return sigaddset(&set, number) < 0 ? -1 : sigprocmask(how, &set, NULL);
}

int sighold(int number) { return change_one(SIG_BLOCK, number); }

int sigrelse(int number) { return change_one(SIG_UNBLOCK, number); }

int sigpause(int number) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  return sigdelset(&mask, number) < 0 ? -1 : sigsuspend(&mask);
}

int sigignore(int number) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  return sigaction(number, &ignore, NULL);
}

void (*sigset(int number, void (*handler)(int)))(int) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  int blocked = sigismember(&mask, number);
  struct sigaction action = {.sa_handler = handler}, old;
  if (handler == SIG_HOLD) {
    if (sighold(number) < 0 || sigaction(number, NULL, &old) < 0) return SIG_ERR;
  } else if (sigaction(number, &action, &old) < 0 || sigrelse(number) < 0) {
    return SIG_ERR;
  }
  return blocked ? SIG_HOLD : old.sa_handler;
}
