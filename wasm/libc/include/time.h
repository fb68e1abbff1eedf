/*
 * Adds to wasi-libc's <time.h>: the clocks of processor time, and time zones (which are all UTC).
 */
#ifndef _WOLFFIA_TIME_H
#define _WOLFFIA_TIME_H

#include_next <time.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct __clockid _CLOCK_PROCESS_CPUTIME_ID, _CLOCK_THREAD_CPUTIME_ID;
#define CLOCK_PROCESS_CPUTIME_ID (&_CLOCK_PROCESS_CPUTIME_ID)
#define CLOCK_THREAD_CPUTIME_ID (&_CLOCK_THREAD_CPUTIME_ID)
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#define CLOCK_MONOTONIC_RAW CLOCK_MONOTONIC
#define CLOCK_MONOTONIC_COARSE CLOCK_MONOTONIC
#define CLOCK_REALTIME_COARSE CLOCK_REALTIME

int clock_settime(clockid_t, const struct timespec *);
int stime(const time_t *);

void tzset(void);
extern char *tzname[2];
extern int daylight;
extern long timezone;

#ifdef __cplusplus
}
#endif

#endif
