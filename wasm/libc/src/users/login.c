/* The user's name. Nobody logs in to a container: it is the one that the user's id has. */
#include <errno.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>
#include <unistd.h>

char *getlogin(void) {
  struct passwd *user = getpwuid(getuid());
  if (user) return user->pw_name;
  errno = ENXIO;
  return NULL;
}

int getlogin_r(char *name, size_t size) {
  const char *found = getlogin();
  if (!found) return errno;
  if (strlen(found) >= size) return ERANGE;
  strcpy(name, found);
  return 0;
}

struct spwd *getspnam(const char *name) {
  (void)name;
  return NULL;
}
