/* wasi-libc has no children to wait for. */
#ifndef _SYS_WAIT_H
#define _SYS_WAIT_H

#include <signal.h>
#include <sys/types.h>
#include <wolffia/wait-status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WSTOPPED WUNTRACED
#define WEXITED 4
#define WCONTINUED 8
#define WNOWAIT 0x1000000

#define WAIT_ANY (-1)
#define WAIT_MYPGRP 0

typedef enum { P_ALL, P_PID, P_PGID } idtype_t;

struct rusage;

pid_t wait(int *);
pid_t waitpid(pid_t, int *, int);
pid_t wait3(int *, int, struct rusage *);
pid_t wait4(pid_t, int *, int, struct rusage *);
int waitid(idtype_t, id_t, siginfo_t *, int);

#ifdef __cplusplus
}
#endif

#endif
