/* wait(2) and its relatives; wasi-libc has no children. */
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <wolffia/abi.h>

#include "../result.h"
#include "usage.h"

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage) {
  int ended, reaped;
  struct wolffia_usage used;
  int error = wolffia_proc_wait(pid, options, &ended, usage ? &used : NULL, &reaped);
  if (error) return fail(error);
  if (reaped > 0) {
    if (status) *status = ended;
    if (usage) *usage = __wolffia_rusage(&used);
  }
  return reaped;
}

pid_t waitpid(pid_t pid, int *status, int options) { return wait4(pid, status, options, NULL); }

pid_t wait3(int *status, int options, struct rusage *usage) {
  return wait4(-1, status, options, usage);
}

pid_t wait(int *status) { return waitpid(-1, status, 0); }

static void describe(int status, siginfo_t *told) {
  if (WIFEXITED(status)) {
    told->si_code = CLD_EXITED;
    told->si_status = WEXITSTATUS(status);
  } else if (WIFSTOPPED(status)) {
    told->si_code = CLD_STOPPED;
    told->si_status = WSTOPSIG(status);
  } else if (WIFCONTINUED(status)) {
    told->si_code = CLD_CONTINUED;
    told->si_status = SIGCONT;
  } else {
    told->si_code = CLD_KILLED;
    told->si_status = WTERMSIG(status);
  }
}

/*
 * The kernel always tells of children that ended, and takes them away: WNOWAIT and waiting for
 * stops alone are EINVAL.
 */
int waitid(idtype_t kind, id_t id, siginfo_t *told, int options) {
  if (!(options & WEXITED) || options & WNOWAIT) return fail(EINVAL);
  pid_t wanted = kind == P_ALL ? -1 : kind == P_PGID ? -(pid_t)id : (pid_t)id;
  int status = 0;
  pid_t pid = waitpid(wanted, &status, options & (WNOHANG | WUNTRACED | WCONTINUED));
  if (pid < 0) return -1;
  if (told) {
    memset(told, 0, sizeof *told);
    if (pid > 0) {
      told->si_signo = SIGCHLD;
      told->si_pid = pid;
      describe(status, told);
    }
  }
  return 0;
}
