/*
 * syslog(3). A container has no system log: messages go to standard error when LOG_PERROR asks for
 * that, and nowhere
 * else.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static const char *name;
static int options;
static int mask = LOG_UPTO(LOG_DEBUG);

void openlog(const char *identity, int chosen, int facility) {
  (void)facility;
  name = identity;
  options = chosen;
}

void closelog(void) {
  name = NULL;
  options = 0;
}

int setlogmask(int wanted) {
  int before = mask;
  if (wanted) mask = wanted;
  return before;
}

void vsyslog(int priority, const char *format, va_list arguments) {
  if (!(options & LOG_PERROR) || !(mask & LOG_MASK(LOG_PRI(priority)))) return;
  if (name) fprintf(stderr, "%s", name);
  if (options & LOG_PID) fprintf(stderr, "[%d]", getpid());
  if (name || options & LOG_PID) fprintf(stderr, ": ");
  vfprintf(stderr, format, arguments);
  size_t length = strlen(format);
  if (length == 0 || format[length - 1] != '\n') fputc('\n', stderr);
}

void syslog(int priority, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsyslog(priority, format, arguments);
  va_end(arguments);
}
