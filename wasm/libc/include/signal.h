/*
 * Signals, with Linux's numbers and flags. This stands in place of wasi-libc's <signal.h>, which
 * emulates signal() and
 * raise() within one program.
 */
#ifndef _SIGNAL_H
#define _SIGNAL_H

#include <features.h>

#define __NEED_size_t
#define __NEED_pid_t
#define __NEED_uid_t
#define __NEED_clock_t
#define __NEED_pthread_t
#define __NEED_pthread_attr_t
#define __NEED_struct_timespec
#define __NEED_sigset_t
#include <bits/alltypes.h>
#include <bits/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef NSIG
#define NSIG _NSIG
#endif
#define SIGCLD SIGCHLD
#define SIGRTMIN 34
#define SIGRTMAX 64

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 1
#define SA_NOCLDWAIT 2
#define SA_SIGINFO 4
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#define SA_NOMASK SA_NODEFER
#define SA_ONESHOT SA_RESETHAND

#define SI_USER 0
#define SI_KERNEL 128
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)

#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define FPE_FLTSUB 8
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2

/* A pointer to a function is an index into a table: these are past the end of any. */
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))-2)
#define SIG_ERR ((void (*)(int))-1)
#define SIG_HOLD ((void (*)(int))-3)

typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);
typedef void (*sig_t)(int);

union sigval {
  int sival_int;
  void *sival_ptr;
};

typedef struct {
  int si_signo, si_code, si_errno;
  pid_t si_pid;
  uid_t si_uid;
  int si_status;
  clock_t si_utime, si_stime;
  union sigval si_value;
  void *si_addr;
  long si_band;
  int si_fd;
} siginfo_t;

struct sigaction {
  union {
    void (*__handler)(int);
    void (*__informed)(int, siginfo_t *, void *);
  } __action;
#define sa_handler __action.__handler
#define sa_sigaction __action.__informed
  sigset_t sa_mask;
  int sa_flags;
};

int sigaction(int, const struct sigaction *__restrict, struct sigaction *__restrict);
void (*signal(int, void (*)(int)))(int);
void (*bsd_signal(int, void (*)(int)))(int);
void (*sigset(int, void (*)(int)))(int);
int sighold(int);
int sigrelse(int);
int sigignore(int);
int siginterrupt(int, int);

int raise(int);
int kill(pid_t, int);
int killpg(pid_t, int);
int pthread_kill(pthread_t, int);

int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigaddset(sigset_t *, int);
int sigdelset(sigset_t *, int);
int sigismember(const sigset_t *, int);
int sigisemptyset(const sigset_t *);
int sigorset(sigset_t *, const sigset_t *, const sigset_t *);
int sigandset(sigset_t *, const sigset_t *, const sigset_t *);

int sigprocmask(int, const sigset_t *__restrict, sigset_t *__restrict);
int pthread_sigmask(int, const sigset_t *__restrict, sigset_t *__restrict);
int sigpending(sigset_t *);
int sigsuspend(const sigset_t *);
int sigpause(int);
int sigwait(const sigset_t *__restrict, int *__restrict);
int sigwaitinfo(const sigset_t *__restrict, siginfo_t *__restrict);
int sigtimedwait(const sigset_t *__restrict, siginfo_t *__restrict,
                 const struct timespec *__restrict);

void psignal(int, const char *);
void psiginfo(const siginfo_t *, const char *);

#ifdef __cplusplus
}
#endif

#endif
