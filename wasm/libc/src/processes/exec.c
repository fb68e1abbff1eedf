/* exec(3) in its many forms; preview1 has none. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"
#include "blob.h"
#include "vfork.h"

static int execute(const char *path, int search, char *const arguments[],
                   char *const environment[]) {
  struct blob args, env;
  if (__wolffia_blob(arguments, &args) < 0) return -1;
  if (__wolffia_blob(environment, &env) < 0) {
    free(args.bytes);
    return -1;
  }
  int error = wolffia_proc_exec(path, strlen(path), search, args.bytes, args.length, env.bytes,
                                env.length);
  free(args.bytes);
  free(env.bytes);
  // Success returns in the parent of a vfork, whose child this was until now.
  if (error == 0 && __wolffia_vfork_leave) __wolffia_vfork_leave();
  return fail(error);
}

int execve(const char *path, char *const arguments[], char *const environment[]) {
  return execute(path, 0, arguments, environment);
}

int execv(const char *path, char *const arguments[]) { return execve(path, arguments, environ); }

int execvpe(const char *name, char *const arguments[], char *const environment[]) {
  return execute(name, 1, arguments, environment);
}

int execvp(const char *name, char *const arguments[]) { return execvpe(name, arguments, environ); }

int fexecve(int fd, char *const arguments[], char *const environment[]) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return execve(path, arguments, environment);
}

/*
 * The forms with arguments in the call. On wasm32 a variable argument list is a pointer to its
 * arguments, laid out as an
 * array of pointers is; but that is not promised, so they are copied.
 */
static int count(const char *first, va_list rest) {
  int found = 0;
  for (const char *argument = first; argument; argument = va_arg(rest, const char *)) found++;
  return found;
}

#define COLLECT(first)                                                        \
  va_list rest;                                                               \
  va_start(rest, first);                                                      \
  int amount = count(first, rest);                                            \
  va_end(rest);                                                               \
  char *arguments[amount + 1];                                                \
  va_start(rest, first);                                                      \
  arguments[0] = (char *)first;                                               \
  for (int i = 1; i <= amount; i++) arguments[i] = va_arg(rest, char *)

int execl(const char *path, const char *first, ...) {
  COLLECT(first);
  va_end(rest);
  return execv(path, arguments);
}

int execlp(const char *name, const char *first, ...) {
  COLLECT(first);
  va_end(rest);
  return execvp(name, arguments);
}

int execle(const char *path, const char *first, ...) {
  COLLECT(first);
  char *const *environment = va_arg(rest, char *const *);
  va_end(rest);
  return execve(path, arguments, environment);
}
