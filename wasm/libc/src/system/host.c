/* uname(2) and the host's name; wasi-libc's are constants. */
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

int gethostname(char *name, size_t capacity) {
  if (capacity == 0) return fail(ENAMETOOLONG);
  int length;
  int error = wolffia_hostname_get(name, capacity - 1, &length);
  if (error) return fail(error);
  if ((size_t)length >= capacity) return fail(ENAMETOOLONG);
  name[length] = 0;
  return 0;
}

int sethostname(const char *name, size_t length) {
  return result(wolffia_hostname_set(name, length));
}

int getdomainname(char *name, size_t capacity) {
  static const char none[] = "(none)";
  if (capacity < sizeof none) return fail(EINVAL);
  strcpy(name, none);
  return 0;
}

int setdomainname(const char *name, size_t length) {
  (void)name;
  (void)length;
  return fail(EPERM);
}

int uname(struct utsname *names) {
  *names = (struct utsname){
      .sysname = "Wolffia",
      .release = "1.0.0",
      .version = "#1",
      .machine = "wasm32",
      .domainname = "(none)",
  };
  return gethostname(names->nodename, sizeof names->nodename);
}
