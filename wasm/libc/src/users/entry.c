#include "entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool __wolffia_cut(char *line, char *fields[], int count) {
  for (int i = 0; i < count; i++) {
    if (!line) return false;
    fields[i] = strsep(&line, ":");
  }
  return true;
}

bool __wolffia_number(const char *field, unsigned *number) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(field, &end, 10);
  *number = value;
  return *field >= '0' && *field <= '9' && *end == 0 && errno == 0;
}

char *__wolffia_line(FILE *file, char **buffer, size_t *capacity) {
  ssize_t length = getline(buffer, capacity, file);
  if (length < 0) return NULL;
  if (length > 0 && (*buffer)[length - 1] == '\n') (*buffer)[length - 1] = 0;
  return *buffer;
}
