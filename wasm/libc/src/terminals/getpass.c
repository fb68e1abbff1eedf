/* getpass(3): a line from the terminal that is not echoed. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

char *getpass(const char *prompt) {
  static char password[LINE_MAX];
  int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0) return NULL;
  struct termios before, quiet;
  if (tcgetattr(fd, &before) < 0) {
    close(fd);
    return NULL;
  }
  quiet = before;
  quiet.c_lflag &= ~(ECHO | ISIG);
  quiet.c_lflag |= ICANON;
  tcsetattr(fd, TCSAFLUSH, &quiet);
  dprintf(fd, "%s", prompt);
  ssize_t length = read(fd, password, sizeof password - 1);
  tcsetattr(fd, TCSAFLUSH, &before);
  dprintf(fd, "\n");
  close(fd);
  if (length < 0) return NULL;
  if (length > 0 && password[length - 1] == '\n') length--;
  password[length] = 0;
  return password;
}
