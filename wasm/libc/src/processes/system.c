/* system(3). While the command runs, ^C and ^\ are its own, and its end is nobody else's news. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_NOT_FOUND = 127 << 8 };

/*
 * Which of SIGINT and SIGQUIT the command is to have at their defaults: those that the caller did
 * not ignore.
 */
static sigset_t defaults_for(const struct sigaction *interrupt, const struct sigaction *quit) {
  sigset_t signals;
  sigemptyset(&signals);
  if (interrupt->sa_handler != SIG_IGN) sigaddset(&signals, SIGINT);
  if (quit->sa_handler != SIG_IGN) sigaddset(&signals, SIGQUIT);
  return signals;
}

int system(const char *command) {
  if (!command) return 1;
  struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
  sigset_t children, mask;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, &mask);
  sigaction(SIGINT, &ignore, &interrupt);
  sigaction(SIGQUIT, &ignore, &quit);

  sigset_t defaults = defaults_for(&interrupt, &quit);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &mask);
  char *arguments[] = {"sh", "-c", (char *)command, NULL};
  pid_t pid;
  int error = posix_spawn(&pid, "/bin/sh", NULL, &attributes, arguments, environ);
  int status = STATUS_NOT_FOUND;
  if (error == 0) {
    pid_t ended;
    do {
      ended = waitpid(pid, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0) status = -1;
  } else if (error == EAGAIN || error == ENOMEM) {
    errno = error;
    status = -1;
  }

  sigaction(SIGINT, &interrupt, NULL);
  sigaction(SIGQUIT, &quit, NULL);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  return status;
}
