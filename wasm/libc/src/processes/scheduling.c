/* sched(7): there is one policy. */
#include <errno.h>
#include <sched.h>

#include "../result.h"

int sched_get_priority_max(int policy) { return policy == SCHED_OTHER ? 0 : fail(EINVAL); }

int sched_get_priority_min(int policy) { return policy == SCHED_OTHER ? 0 : fail(EINVAL); }

int sched_getscheduler(pid_t pid) {
  (void)pid;
  return SCHED_OTHER;
}

int sched_getparam(pid_t pid, struct sched_param *param) {
  (void)pid;
  *param = (struct sched_param){0};
  return 0;
}

int sched_setparam(pid_t pid, const struct sched_param *param) {
  (void)pid;
  return param->sched_priority == 0 ? 0 : fail(EINVAL);
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param) {
  return policy == SCHED_OTHER ? sched_setparam(pid, param) : fail(EPERM);
}
