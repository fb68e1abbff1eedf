/* Names and files in /tmp; wasi-libc leaves them out. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../result.h"

enum { LETTERS = 6, ATTEMPTS = 100 };

static const char ALPHABET[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/*
 * Where the six X of a template begin, `suffix` characters from its end; NULL when they are not
 * there.
 */
static char *letters_of(char *template, int suffix) {
  size_t length = strlen(template);
  if (suffix < 0 || length < (size_t)suffix + LETTERS) return NULL;
  char *letters = template + length - suffix - LETTERS;
  return memcmp(letters, "XXXXXX", LETTERS) == 0 ? letters : NULL;
}

static void fill(char *letters) {
  unsigned char random[LETTERS];
  getentropy(random, sizeof random);
  for (int i = 0; i < LETTERS; i++) letters[i] = ALPHABET[random[i] % (sizeof ALPHABET - 1)];
}

int mkostemps(char *template, int suffix, int flags) {
  char *letters = letters_of(template, suffix);
  if (!letters) return fail(EINVAL);
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    fill(letters);
    int fd = open(template, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  memcpy(letters, "XXXXXX", LETTERS);
  return fail(EEXIST);
}

int mkostemp(char *template, int flags) { return mkostemps(template, 0, flags); }

int mkstemps(char *template, int suffix) { return mkostemps(template, suffix, 0); }

int mkstemp(char *template) { return mkostemps(template, 0, 0); }

char *mkdtemp(char *template) {
  char *letters = letters_of(template, 0);
  if (!letters) {
    errno = EINVAL;
    return NULL;
  }
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    fill(letters);
    if (mkdir(template, 0700) == 0) return template;
    if (errno != EEXIST) return NULL;
  }
  memcpy(letters, "XXXXXX", LETTERS);
  return NULL;
}

/* A name that no file has; the empty string when there is none. */
char *mktemp(char *template) {
  char *letters = letters_of(template, 0);
  struct stat found;
  for (int attempt = 0; letters && attempt < ATTEMPTS; attempt++) {
    fill(letters);
    if (lstat(template, &found) < 0) {
      if (errno != ENOENT) break;
      return template;
    }
  }
  if (!letters) errno = EINVAL;
  *template = 0;
  return template;
}

char *tmpnam(char *buffer) {
  static char own[L_tmpnam];
  char *name = buffer ? buffer : own;
  strcpy(name, "/tmp/tmpXXXXXX");
  return *mktemp(name) ? name : NULL;
}

char *tempnam(const char *directory, const char *prefix) {
  if (!directory) directory = P_tmpdir;
  if (!prefix) prefix = "";
  char *name;
  if (asprintf(&name, "%s/%.5sXXXXXX", directory, prefix) < 0) return NULL;
  if (*mktemp(name)) return name;
  free(name);
  return NULL;
}

FILE *tmpfile(void) {
  char name[] = "/tmp/tmpXXXXXX";
  int fd = mkostemp(name, O_CLOEXEC);
  if (fd < 0) return NULL;
  unlink(name);
  FILE *file = fdopen(fd, "w+");
  if (!file) close(fd);
  return file;
}
