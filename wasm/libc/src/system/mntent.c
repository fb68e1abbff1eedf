/* Lists of mounts: fields between blanks, in which blanks are written as octal numbers. */
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINE = 4096 };

FILE *setmntent(const char *path, const char *mode) { return fopen(path, mode); }

int endmntent(FILE *file) {
  if (file) fclose(file);
  return 1;
}

/* The next field, undone of its octal escapes; the empty string at the end. */
static char *field(char **rest) {
  char *start = *rest + strspn(*rest, " \t");
  char *end = start + strcspn(start, " \t\n");
  *rest = *end ? end + 1 : end;
  *end = 0;
  char *to = start;
  for (const char *from = start; *from; to++) {
    if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
      char digits[] = {from[1], from[2], from[3], 0};
      *to = (char)strtol(digits, NULL, 8);
      from += 4;
    } else {
      *to = *from++;
    }
  }
  *to = 0;
  return start;
}

struct mntent *getmntent_r(FILE *file, struct mntent *entry, char *buffer, int size) {
  while (fgets(buffer, size, file)) {
    char *rest = buffer + strspn(buffer, " \t");
    if (*rest == '#' || *rest == '\n' || *rest == 0) continue;
    entry->mnt_fsname = field(&rest);
    entry->mnt_dir = field(&rest);
    entry->mnt_type = field(&rest);
    entry->mnt_opts = field(&rest);
    entry->mnt_freq = atoi(field(&rest));
    entry->mnt_passno = atoi(field(&rest));
    return entry;
  }
  return NULL;
}

struct mntent *getmntent(FILE *file) {
  static char buffer[MAX_LINE];
  static struct mntent entry;
  return getmntent_r(file, &entry, buffer, sizeof buffer);
}

char *hasmntopt(const struct mntent *entry, const char *option) {
  size_t length = strlen(option);
  for (char *found = entry->mnt_opts; (found = strstr(found, option)); found += length) {
    int begins = found == entry->mnt_opts || found[-1] == ',';
    if (begins && strchr(",=", found[length])) return found;
  }
  return NULL;
}
