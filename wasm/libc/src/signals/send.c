/* kill(2) and its relatives; wasi-libc's raise() calls handlers of its own. */
#include <signal.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

int kill(pid_t pid, int number) { return result(wasix_proc_signal(pid, number)); }

int killpg(pid_t group, int number) { return group < 0 ? fail(EINVAL) : kill(-group, number); }

int raise(int number) { return kill(getpid(), number); }

int pthread_kill(pthread_t thread, int number) {
  (void)thread;
  return wasix_proc_signal(getpid(), number);
}
