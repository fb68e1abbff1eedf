/* Whose terminal it is, and its name. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

enum { MAX_NAME = 32 };

pid_t tcgetpgrp(int fd) {
  int group;
  int error = wolffia_tty_group_get(fd, &group);
  return error ? fail(error) : group;
}

int tcsetpgrp(int fd, pid_t group) { return result(wolffia_tty_group_set(fd, group)); }

pid_t tcgetsid(int fd) {
  int session;
  int error = wolffia_tty_session_get(fd, &session);
  return error ? fail(error) : session;
}

int ttyname_r(int fd, char *name, size_t capacity) {
  if (capacity == 0) return ERANGE;
  int length;
  int error = wolffia_tty_name(fd, name, capacity - 1, &length);
  if (error) return error;
  if ((size_t)length >= capacity) return ERANGE;
  name[length] = 0;
  return 0;
}

char *ttyname(int fd) {
  static char name[MAX_NAME];
  int error = ttyname_r(fd, name, sizeof name);
  if (error == 0) return name;
  errno = error;
  return NULL;
}

char *ctermid(char *buffer) {
  static char own[L_ctermid];
  return strcpy(buffer ? buffer : own, "/dev/tty");
}
