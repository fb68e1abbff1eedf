/* For yacc, which runs where there is no /tmp and no other program: names that count up. */
#include <stdio.h>

FILE *tmpfile(void) {
  static char name[] = "/temporary-0";
  name[sizeof name - 2]++;
  return fopen(name, "w+");
}
