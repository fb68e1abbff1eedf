/*
 * abort(3) by SIGABRT, so that the parent learns of it as of any other; wasi-libc's traps. It asks
 * the kernel itself:
 * every program that allocates has abort() in it, and would have sigaction() with it.
 */
#include <signal.h>
#include <stdlib.h>
#include <wolffia/abi.h>

static void raise_abort(void) {
  int pid;
  if (wasix_proc_id(&pid) == 0) wasix_proc_signal(pid, SIGABRT);
}

_Noreturn void abort(void) {
  raise_abort();
  // The handler returned, or the signal is ignored or blocked.
  struct wolffia_signal_action by_default = {0};
  uint64_t none = 0;
  wolffia_signal_action(SIGABRT, &by_default, NULL);
  wolffia_signal_mask(SIG_SETMASK, &none, NULL);
  raise_abort();
  __builtin_trap();
}
