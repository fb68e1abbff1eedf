/* sysconf(3) where wasi-libc's answers are those of a lone program. */
#include <sched.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "../result.h"

enum { PAGE = 65536 };

static long limit_of(int resource) {
  struct rlimit limit;
  return getrlimit(resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ? -1
                                                                           : (long)limit.rlim_cur;
}

long sysconf(int name) {
  switch (name) {
    case _SC_ARG_MAX:
      return 128 * 1024;
    case _SC_CHILD_MAX:
      return limit_of(RLIMIT_NPROC);
    case _SC_OPEN_MAX:
      return limit_of(RLIMIT_NOFILE);
    case _SC_CLK_TCK:
      return 100;
    case _SC_NGROUPS_MAX:
      return NGROUPS_MAX;
    case _SC_PAGESIZE:
      return PAGE;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
      return 1;
    case _SC_PHYS_PAGES:
    case _SC_AVPHYS_PAGES: {
      struct sysinfo info;
      if (sysinfo(&info) < 0) return -1;
      return (name == _SC_PHYS_PAGES ? info.totalram : info.freeram) * (long long)info.mem_unit /
             PAGE;
    }
    case _SC_JOB_CONTROL:
    case _SC_SAVED_IDS:
    case _SC_SHELL:
    case _SC_REGEXP:
      return 1;
    case _SC_VERSION:
    case _SC_2_VERSION:
    case _SC_FSYNC:
    case _SC_MONOTONIC_CLOCK:
    case _SC_SPAWN:
      return _POSIX_VERSION;
    case _SC_XOPEN_VERSION:
      return _XOPEN_VERSION;
    case _SC_HOST_NAME_MAX:
      return HOST_NAME_MAX;
    case _SC_LOGIN_NAME_MAX:
      return LOGIN_NAME_MAX;
    case _SC_TTY_NAME_MAX:
      return TTY_NAME_MAX;
    case _SC_LINE_MAX:
      return LINE_MAX;
    case _SC_IOV_MAX:
      return IOV_MAX;
    case _SC_SYMLOOP_MAX:
      return SYMLOOP_MAX;
    case _SC_STREAM_MAX:
    case _SC_TZNAME_MAX:
    case _SC_GETPW_R_SIZE_MAX:
    case _SC_GETGR_R_SIZE_MAX:
      return -1;
    default:
      return fail(EINVAL);
  }
}
