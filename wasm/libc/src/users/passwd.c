/* Users, out of /etc/passwd. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"

#define PATH "/etc/passwd"

enum { NAME, PASSWORD, USER, GROUP, COMMENT, HOME, SHELL, FIELDS };

/* Points into the line. */
static bool parse(char *line, struct passwd *entry) {
  char *fields[FIELDS];
  if (!__wolffia_cut(line, fields, FIELDS)) return false;
  *entry = (struct passwd){
      .pw_name = fields[NAME],
      .pw_passwd = fields[PASSWORD],
      .pw_gecos = fields[COMMENT],
      .pw_dir = fields[HOME],
      .pw_shell = fields[SHELL],
  };
  return __wolffia_number(fields[USER], &entry->pw_uid) &&
         __wolffia_number(fields[GROUP], &entry->pw_gid);
}

static struct passwd *next(FILE *file, char **line, size_t *capacity, struct passwd *entry) {
  while (__wolffia_line(file, line, capacity)) {
    if (parse(*line, entry)) return entry;
  }
  return NULL;
}

static char *line;
static size_t capacity;
static struct passwd entry;
static FILE *opened;

struct passwd *fgetpwent(FILE *file) { return next(file, &line, &capacity, &entry); }

void setpwent(void) { endpwent(); }

void endpwent(void) {
  if (opened) fclose(opened);
  opened = NULL;
}

struct passwd *getpwent(void) {
  if (!opened) opened = fopen(PATH, "re");
  return opened ? fgetpwent(opened) : NULL;
}

static bool matches(const struct passwd *one, const char *name, uid_t user) {
  return name ? strcmp(one->pw_name, name) == 0 : one->pw_uid == user;
}

/*
 * By name, or by number when there is no name. NULL with errno as it was when there is no such
 * user.
 */
static struct passwd *find(const char *name, uid_t user) {
  int saved = errno;
  FILE *file = fopen(PATH, "re");
  if (!file) {
    if (errno == ENOENT) errno = saved;
    return NULL;
  }
  struct passwd *found;
  do {
    found = fgetpwent(file);
  } while (found && !matches(found, name, user));
  fclose(file);
  errno = saved;
  return found;
}

struct passwd *getpwnam(const char *name) { return find(name, 0); }

struct passwd *getpwuid(uid_t user) { return find(NULL, user); }

/* The strings of an entry go to the caller's buffer. */
static int copy(const struct passwd *found, struct passwd *made, char *buffer, size_t size,
                struct passwd **place) {
  *place = NULL;
  if (!found) return 0;
  *made = *found;
  char **strings[] = {&made->pw_name, &made->pw_passwd, &made->pw_gecos, &made->pw_dir,
                      &made->pw_shell};
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
    size_t needed = strlen(*strings[i]) + 1;
    if (needed > size) return ERANGE;
    *strings[i] = memcpy(buffer, *strings[i], needed);
    buffer += needed;
    size -= needed;
  }
  *place = made;
  return 0;
}

int getpwnam_r(const char *name, struct passwd *made, char *buffer, size_t size,
               struct passwd **place) {
  return copy(find(name, 0), made, buffer, size, place);
}

int getpwuid_r(uid_t user, struct passwd *made, char *buffer, size_t size, struct passwd **place) {
  return copy(find(NULL, user), made, buffer, size, place);
}

int putpwent(const struct passwd *one, FILE *file) {
  int written = fprintf(file, "%s:%s:%u:%u:%s:%s:%s\n", one->pw_name, one->pw_passwd, one->pw_uid,
                        one->pw_gid, one->pw_gecos, one->pw_dir, one->pw_shell);
  return written < 0 ? -1 : 0;
}
