/* getrlimit(2) and priorities. The container's limits stand above those of its processes. */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

int getrlimit(int resource, struct rlimit *limit) {
  uint64_t old[2];
  int error = wolffia_proc_limit(resource, NULL, old);
  if (error) return fail(error);
  *limit = (struct rlimit){.rlim_cur = old[0], .rlim_max = old[1]};
  return 0;
}

int setrlimit(int resource, const struct rlimit *limit) {
  uint64_t value[2] = {limit->rlim_cur, limit->rlim_max};
  return result(wolffia_proc_limit(resource, value, NULL));
}

/* The limits of others are not to be had. */
int prlimit(pid_t pid, int resource, const struct rlimit *limit, struct rlimit *old) {
  if (pid != 0 && pid != getpid()) return fail(EPERM);
  if (old && getrlimit(resource, old) < 0) return -1;
  return limit ? setrlimit(resource, limit) : 0;
}

int getdtablesize(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 256 : (int)limit.rlim_cur;
}

/* Processes of a container share its time evenly: there are no priorities within it. */
int getpriority(int which, id_t who) {
  (void)who;
  return which < PRIO_PROCESS || which > PRIO_USER ? fail(EINVAL) : 0;
}

int setpriority(int which, id_t who, int priority) {
  (void)who;
  if (which < PRIO_PROCESS || which > PRIO_USER) return fail(EINVAL);
  return priority < 0 ? fail(EACCES) : 0;
}

int nice(int increment) { return increment < 0 ? fail(EPERM) : 0; }
