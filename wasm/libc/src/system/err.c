/* err(3): wasi-libc declares these. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char *__progname;

static void tell(const char *format, va_list arguments, const char *reason) {
  fflush(stdout);
  fprintf(stderr, "%s: ", __progname);
  if (format) vfprintf(stderr, format, arguments);
  if (reason) fprintf(stderr, "%s%s", format ? ": " : "", reason);
  fputc('\n', stderr);
}

void vwarn(const char *format, va_list arguments) { tell(format, arguments, strerror(errno)); }

void vwarnx(const char *format, va_list arguments) { tell(format, arguments, NULL); }

_Noreturn void verr(int code, const char *format, va_list arguments) {
  vwarn(format, arguments);
  exit(code);
}

_Noreturn void verrx(int code, const char *format, va_list arguments) {
  vwarnx(format, arguments);
  exit(code);
}

void warn(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vwarn(format, arguments);
  va_end(arguments);
}

void warnx(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vwarnx(format, arguments);
  va_end(arguments);
}

_Noreturn void err(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  verr(code, format, arguments);
}

_Noreturn void errx(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  verrx(code, format, arguments);
}
