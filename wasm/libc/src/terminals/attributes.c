/* termios(3); wasi-libc has isatty() alone. */
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

_Static_assert(sizeof(struct termios) == sizeof(struct wolffia_termios), "one layout");
_Static_assert(sizeof(struct winsize) == sizeof(struct wolffia_window), "one layout");

int tcgetattr(int fd, struct termios *termios) {
  return result(wolffia_tty_get(fd, (struct wolffia_termios *)termios));
}

int tcsetattr(int fd, int when, const struct termios *termios) {
  if (when < TCSANOW || when > TCSAFLUSH) return fail(EINVAL);
  return result(wolffia_tty_set(fd, when, (const struct wolffia_termios *)termios));
}

int tcgetwinsize(int fd, struct winsize *window) {
  return result(wolffia_tty_window_get(fd, (struct wolffia_window *)window));
}

int tcsetwinsize(int fd, const struct winsize *window) {
  return result(wolffia_tty_window_set(fd, (const struct wolffia_window *)window));
}

int tcflush(int fd, int queue) {
  if (queue < TCIFLUSH || queue > TCIOFLUSH) return fail(EINVAL);
  return result(wolffia_tty_flush(fd, queue));
}

/* Output has left a terminal of ours when write() has returned. */
int tcdrain(int fd) {
  struct termios termios;
  return tcgetattr(fd, &termios);
}

/* There is no line to break, and flow is not controlled from this side. */
int tcsendbreak(int fd, int duration) {
  (void)duration;
  return tcdrain(fd);
}

int tcflow(int fd, int action) {
  return action < TCOOFF || action > TCION ? fail(EINVAL) : tcdrain(fd);
}

speed_t cfgetospeed(const struct termios *termios) { return termios->c_cflag & CBAUD; }

speed_t cfgetispeed(const struct termios *termios) { return cfgetospeed(termios); }

int cfsetospeed(struct termios *termios, speed_t speed) {
  if (speed & ~(speed_t)CBAUD) return fail(EINVAL);
  termios->c_cflag = (termios->c_cflag & ~(tcflag_t)CBAUD) | speed;
  return 0;
}

/* Zero: as the output's. */
int cfsetispeed(struct termios *termios, speed_t speed) {
  return speed == B0 ? 0 : cfsetospeed(termios, speed);
}

int cfsetspeed(struct termios *termios, speed_t speed) { return cfsetospeed(termios, speed); }

void cfmakeraw(struct termios *termios) {
  termios->c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  termios->c_oflag &= ~OPOST;
  termios->c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  termios->c_cflag &= ~(CSIZE | PARENB);
  termios->c_cflag |= CS8;
  termios->c_cc[VMIN] = 1;
  termios->c_cc[VTIME] = 0;
}
