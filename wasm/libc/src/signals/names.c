/* strsignal(3), psignal(3): wasi-libc has them in its emulation alone. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const NAMES[] = {
    "Unknown signal", "Hangup", "Interrupt", "Quit", "Illegal instruction",
    "Trace/breakpoint trap", "Aborted", "Bus error", "Floating point exception", "Killed",
    "User defined signal 1", "Segmentation fault", "User defined signal 2", "Broken pipe",
    "Alarm clock", "Terminated", "Stack fault", "Child exited", "Continued", "Stopped (signal)",
    "Stopped", "Stopped (tty input)", "Stopped (tty output)", "Urgent I/O condition",
    "CPU time limit exceeded", "File size limit exceeded", "Virtual timer expired",
    "Profiling timer expired", "Window changed", "I/O possible", "Power failure",
    "Bad system call",
};

enum { COUNT = sizeof NAMES / sizeof *NAMES };

char *strsignal(int number) {
  static char realtime[sizeof "Real-time signal 64"];
  if (number >= SIGRTMIN && number <= SIGRTMAX) {
    snprintf(realtime, sizeof realtime, "Real-time signal %d", number - SIGRTMIN);
    return realtime;
  }
  return (char *)NAMES[number > 0 && number < COUNT ? number : 0];
}

void psignal(int number, const char *message) {
  const char *before = message && *message ? message : "";
  fprintf(stderr, "%s%s%s\n", before, *before ? ": " : "", strsignal(number));
}

void psiginfo(const siginfo_t *info, const char *message) { psignal(info->si_signo, message); }
