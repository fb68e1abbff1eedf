/* ioctl(2): requests of terminals, and what else programs ask of descriptors. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

static int set_status_flag(int fd, int flag, int is_on) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, is_on ? flags | flag : flags & ~flag);
}

/* Stores what a function answered, unless it failed. */
static int store(int answer, int *place) {
  if (answer < 0) return -1;
  *place = answer;
  return 0;
}

static int none_wait_for_output(int fd, int *bytes) {
  if (tcdrain(fd) < 0) return -1;
  return store(0, bytes);
}

int ioctl(int fd, int request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  switch (request) {
    case TCGETS:
      return tcgetattr(fd, argument);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
      return tcsetattr(fd, request - TCSETS, argument);
    case TCSBRK:
      return tcdrain(fd);
    case TCXONC:
      return tcflow(fd, (int)argument);
    case TCFLSH:
      return tcflush(fd, (int)argument);
    case TIOCSCTTY:
      return result(wolffia_tty_control(fd));
    case TIOCGPGRP:
      return store(tcgetpgrp(fd), argument);
    case TIOCSPGRP:
      return tcsetpgrp(fd, *(pid_t *)argument);
    case TIOCGSID:
      return store(tcgetsid(fd), argument);
    case TIOCGWINSZ:
      return tcgetwinsize(fd, argument);
    case TIOCSWINSZ:
      return tcsetwinsize(fd, argument);
    case TIOCOUTQ:
      return none_wait_for_output(fd, argument);
    case FIONREAD:
      return result(wolffia_fd_available(fd, argument));
    case FIONBIO:
      return set_status_flag(fd, O_NONBLOCK, *(int *)argument);
    case FIOCLEX:
      return fcntl(fd, F_SETFD, FD_CLOEXEC);
    case FIONCLEX:
      return fcntl(fd, F_SETFD, 0);
    default:
      return fail(ENOTTY);
  }
}
