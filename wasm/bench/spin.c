// spin COUNT: a loop of which nobody can tell beforehand how often it goes round.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
  volatile unsigned long step = 1;
  unsigned long rounds = 0;
  for (unsigned long i = 0; i < count; i += step) rounds++;
  printf("%lu\n", rounds);
  return 0;
}
