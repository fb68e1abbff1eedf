/* Groups, out of /etc/group. */
#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"

#define PATH "/etc/group"

enum { NAME, PASSWORD, GROUP, MEMBERS, FIELDS };

static char *line;
static size_t capacity;
static char **members;
static struct group entry;
static FILE *opened;

/* Cuts the list of members, into an array that grows. */
static bool parse_members(char *list) {
  size_t count = *list != 0;
  for (const char *comma = list; (comma = strchr(comma, ',')); comma++) count++;
  char **more = reallocarray(members, count + 1, sizeof *more);
  if (!more) return false;
  members = more;
  for (size_t i = 0; i < count; i++) members[i] = strsep(&list, ",");
  members[count] = NULL;
  return true;
}

static bool parse(void) {
  char *fields[FIELDS];
  if (!__wolffia_cut(line, fields, FIELDS) || !parse_members(fields[MEMBERS])) return false;
  entry = (struct group){
      .gr_name = fields[NAME], .gr_passwd = fields[PASSWORD], .gr_mem = members};
  return __wolffia_number(fields[GROUP], &entry.gr_gid);
}

struct group *fgetgrent(FILE *file) {
  while (__wolffia_line(file, &line, &capacity)) {
    if (parse()) return &entry;
  }
  return NULL;
}

void setgrent(void) { endgrent(); }

void endgrent(void) {
  if (opened) fclose(opened);
  opened = NULL;
}

struct group *getgrent(void) {
  if (!opened) opened = fopen(PATH, "re");
  return opened ? fgetgrent(opened) : NULL;
}

static bool matches(const struct group *one, const char *name, gid_t group) {
  return name ? strcmp(one->gr_name, name) == 0 : one->gr_gid == group;
}

/*
 * By name, or by number when there is no name. NULL with errno as it was when there is no such
 * group.
 */
static struct group *find(const char *name, gid_t group) {
  int saved = errno;
  FILE *file = fopen(PATH, "re");
  if (!file) {
    if (errno == ENOENT) errno = saved;
    return NULL;
  }
  struct group *found;
  do {
    found = fgetgrent(file);
  } while (found && !matches(found, name, group));
  fclose(file);
  errno = saved;
  return found;
}

struct group *getgrnam(const char *name) { return find(name, 0); }

struct group *getgrgid(gid_t group) { return find(NULL, group); }

/* Moves a string into what is left of a buffer; NULL when it does not fit. */
static char *place_string(const char *string, char **buffer, size_t *size) {
  size_t needed = strlen(string) + 1;
  if (needed > *size) return NULL;
  char *placed = memcpy(*buffer, string, needed);
  *buffer += needed;
  *size -= needed;
  return placed;
}

static int copy(const struct group *found, struct group *made, char *buffer, size_t size,
                struct group **place) {
  *place = NULL;
  if (!found) return 0;
  size_t count = 0;
  while (found->gr_mem[count]) count++;
  size_t skipped = -(uintptr_t)buffer % sizeof(char *);
  size_t needed = skipped + (count + 1) * sizeof(char *);
  if (needed > size) return ERANGE;
  char **list = (char **)(buffer + skipped);
  buffer += needed;
  size -= needed;
  for (size_t i = 0; i < count; i++) {
    list[i] = place_string(found->gr_mem[i], &buffer, &size);
    if (!list[i]) return ERANGE;
  }
  list[count] = NULL;
  *made = (struct group){.gr_gid = found->gr_gid, .gr_mem = list};
  made->gr_name = place_string(found->gr_name, &buffer, &size);
  made->gr_passwd = place_string(found->gr_passwd, &buffer, &size);
  if (!made->gr_name || !made->gr_passwd) return ERANGE;
  *place = made;
  return 0;
}

int getgrnam_r(const char *name, struct group *made, char *buffer, size_t size,
               struct group **place) {
  return copy(find(name, 0), made, buffer, size, place);
}

int getgrgid_r(gid_t group, struct group *made, char *buffer, size_t size, struct group **place) {
  return copy(find(NULL, group), made, buffer, size, place);
}

int putgrent(const struct group *one, FILE *file) {
  if (fprintf(file, "%s:%s:%u:", one->gr_name, one->gr_passwd, one->gr_gid) < 0) return -1;
  for (char **member = one->gr_mem; member && *member; member++) {
    if (fprintf(file, "%s%s", member == one->gr_mem ? "" : ",", *member) < 0) return -1;
  }
  return fputc('\n', file) < 0 ? -1 : 0;
}
