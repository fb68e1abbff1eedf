/*
 * sigaction(2) and signal(3). The kernel keeps what is to happen; only which function is a handler
 * is kept here, and stays when the signal gets its default: the child of a vfork changes what is to
 * happen to it, in its parent's memory.
 *
 * The kernel calls the export __wasm_signal within hostcalls and at yield points. It is named to it
 * when the first handler is set.
 */
#include <signal.h>
#include <stddef.h>
#include <wolffia/abi.h>

#include "../result.h"

enum { DEFAULT, IGNORE, HANDLER };

static struct {
  void (*function)(int);
  int is_informed;
} handlers[_NSIG];

static sigset_t interrupting;

__attribute__((export_name("__wasm_signal"))) void __wasm_signal(int number) {
  int saved = errno;
  if (handlers[number].is_informed) {
    struct wolffia_signal_info told;
    siginfo_t info = {.si_signo = number};
    if (wolffia_signal_info(&told) == 0) {
      info.si_code = told.code;
      info.si_pid = told.pid;
      info.si_uid = told.uid;
      info.si_status = told.status;
    }
    struct sigaction action = {.sa_handler = handlers[number].function};
    action.sa_sigaction(number, &info, NULL);
  } else {
    handlers[number].function(number);
  }
  errno = saved;
}

/* A program that has named its export and set no handler yet would get all signals there. */
static int set_first_handler(int number, const struct wolffia_signal_action *action) {
  static const char name[] = "__wasm_signal";
  uint64_t all = ~0ULL, mask;
  wolffia_signal_mask(SIG_SETMASK, &all, &mask);
  wasix_callback_signal(name, sizeof name - 1);
  int error = wolffia_signal_action(number, action, NULL);
  wolffia_signal_mask(SIG_SETMASK, &mask, NULL);
  return error;
}

static int set(int number, const struct sigaction *action) {
  static int has_handler;
  struct wolffia_signal_action wanted = {
      .kind = action->sa_handler == SIG_DFL   ? DEFAULT
              : action->sa_handler == SIG_IGN ? IGNORE
                                              : HANDLER,
      .flags = action->sa_flags,
      .mask = action->sa_mask.__bits,
  };
  if (wanted.kind != HANDLER) return wolffia_signal_action(number, &wanted, NULL);
  // First, for a signal may come as soon as the kernel knows.
  handlers[number].function = action->sa_handler;
  handlers[number].is_informed = (action->sa_flags & SA_SIGINFO) != 0;
  int error = has_handler ? wolffia_signal_action(number, &wanted, NULL)
                          : set_first_handler(number, &wanted);
  if (error == 0) has_handler = 1;
  return error;
}

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old) {
  if (number < 1 || number >= _NSIG) return fail(EINVAL);
  struct wolffia_signal_action before;
  int error = wolffia_signal_action(number, NULL, &before);
  if (error) return fail(error);
  struct sigaction known = {
      .sa_handler = before.kind == DEFAULT  ? SIG_DFL
                    : before.kind == IGNORE ? SIG_IGN
                                            : handlers[number].function,
      .sa_flags = before.flags,
      .sa_mask = {before.mask},
  };
  if (action) error = set(number, action);
  if (error) return fail(error);
  if (old) *old = known;
  return 0;
}

void (*signal(int number, void (*handler)(int)))(int) {
  struct sigaction action = {.sa_handler = handler}, old;
  if (sigismember(&interrupting, number) != 1) action.sa_flags = SA_RESTART;
  return sigaction(number, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

void (*bsd_signal(int number, void (*handler)(int)))(int) { return signal(number, handler); }

/* Whether system calls fail by EINTR, or go on, when a handler of signal(3) has returned. */
int siginterrupt(int number, int interrupts) {
  struct sigaction action;
  if (sigaction(number, NULL, &action) < 0) return -1;
  if (interrupts) {
    sigaddset(&interrupting, number);
    action.sa_flags &= ~SA_RESTART;
  } else {
    sigdelset(&interrupting, number);
    action.sa_flags |= SA_RESTART;
  }
  return sigaction(number, &action, NULL);
}
