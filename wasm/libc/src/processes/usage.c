/* Processor time and memory; wasi-libc's emulation counts the time that passes. */
#include "usage.h"

#include <sys/times.h>
#include <time.h>

#include "../result.h"

enum { NS_A_MICROSECOND = 1000, NS_A_SECOND = 1000000000, BYTES_A_KIB = 1024 };

static struct timeval microseconds(uint64_t ns) {
  return (struct timeval){
      .tv_sec = ns / NS_A_SECOND,
      .tv_usec = ns % NS_A_SECOND / NS_A_MICROSECOND,
  };
}

struct rusage __wolffia_rusage(const struct wolffia_usage *used) {
  return (struct rusage){
      .ru_utime = microseconds(used->user_ns),
      .ru_stime = microseconds(used->system_ns),
      .ru_maxrss = used->peak_memory_bytes / BYTES_A_KIB,
  };
}

int getrusage(int who, struct rusage *usage) {
  struct wolffia_usage self, children;
  if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) return fail(EINVAL);
  int error = wolffia_proc_usage(&self, &children);
  if (error) return fail(error);
  *usage = __wolffia_rusage(who == RUSAGE_CHILDREN ? &children : &self);
  return 0;
}

/* wasi-libc's clock_t counts nanoseconds (CLOCKS_PER_SEC), in 64 bits. */
clock_t clock(void) {
  struct wolffia_usage self, children;
  int error = wolffia_proc_usage(&self, &children);
  return error ? fail(error) : (clock_t)(self.user_ns + self.system_ns);
}

/* In ticks of sysconf(_SC_CLK_TCK). */
clock_t times(struct tms *used) {
  enum { NS_A_TICK = NS_A_SECOND / 100 };
  struct wolffia_usage self, children;
  int error = wolffia_proc_usage(&self, &children);
  if (error) return fail(error);
  if (used) {
    *used = (struct tms){
        .tms_utime = self.user_ns / NS_A_TICK,
        .tms_stime = self.system_ns / NS_A_TICK,
        .tms_cutime = children.user_ns / NS_A_TICK,
        .tms_cstime = children.system_ns / NS_A_TICK,
    };
  }
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 100 + now.tv_nsec / NS_A_TICK;
}
