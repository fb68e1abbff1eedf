// What Lua's standard library wants of a system and preview1 does not have.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static inline int no_system(const char *command) {
  if (command) errno = ENOSYS;
  return command ? -1 : 0;
}
static inline FILE *no_tmpfile(void) {
  errno = ENOSYS;
  return NULL;
}
static inline char *no_tmpnam(char *name) {
  (void)name;
  return NULL;
}
#define system no_system
#define tmpfile no_tmpfile
#define tmpnam no_tmpnam
#ifndef L_tmpnam
#define L_tmpnam 16
#endif
