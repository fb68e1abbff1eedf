/* Processes, groups and sessions by number. */
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

pid_t getpid(void) {
  int pid;
  wasix_proc_id(&pid);
  return pid;
}

pid_t gettid(void) { return getpid(); }

pid_t getppid(void) {
  int parent;
  return wasix_proc_parent(getpid(), &parent) == 0 ? parent : 0;
}

pid_t getpgid(pid_t pid) {
  int group;
  int error = wolffia_proc_group_get(pid, &group);
  return error ? fail(error) : group;
}

pid_t getpgrp(void) { return getpgid(0); }

int setpgid(pid_t pid, pid_t group) { return result(wolffia_proc_group_set(pid, group)); }

pid_t setpgrp(void) { return setpgid(0, 0) < 0 ? -1 : getpgrp(); }

pid_t getsid(pid_t pid) {
  int session;
  int error = wolffia_proc_session_get(pid, &session);
  return error ? fail(error) : session;
}

pid_t setsid(void) {
  int session;
  int error = wolffia_proc_session_new(&session);
  return error ? fail(error) : session;
}
