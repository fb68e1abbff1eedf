#include "blob.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../result.h"

int __wolffia_blob(char *const strings[], struct blob *made) {
  size_t length = 0;
  for (int i = 0; strings && strings[i]; i++) length += strlen(strings[i]) + 1;
  if (length > INT_MAX) return fail(E2BIG);
  char *bytes = malloc(length + 1);
  if (!bytes) return fail(ENOMEM);
  char *end = bytes;
  for (int i = 0; strings && strings[i]; i++) end = stpcpy(end, strings[i]) + 1;
  *made = (struct blob){.bytes = bytes, .length = length};
  return 0;
}
