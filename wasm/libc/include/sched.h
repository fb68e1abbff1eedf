/*
 * Adds to wasi-libc's <sched.h>: there is one policy, and as many processors as the container may
 * use.
 */
#ifndef _WOLFFIA_SCHED_H
#define _WOLFFIA_SCHED_H

#include_next <sched.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5

int sched_get_priority_max(int);
int sched_get_priority_min(int);
int sched_getscheduler(pid_t);
int sched_getparam(pid_t, struct sched_param *);
int sched_setscheduler(pid_t, int, const struct sched_param *);
int sched_setparam(pid_t, const struct sched_param *);

#ifdef __cplusplus
}
#endif

#endif
