// read FILE COUNT: reads 4 KiB at a time, from the beginning again at the end; prints nanoseconds per read.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char buffer[4096];

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int fd = open(argv[1], O_RDONLY);
  if (fd < 0) {
    perror(argv[1]);
    return 1;
  }
  long count = atol(argv[2]);
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (long i = 0; i < count; i++) {
    if (read(fd, buffer, sizeof buffer) == 0) lseek(fd, 0, SEEK_SET);
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  double spent = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
  printf("%.1f\n", spent / count);
  return 0;
}
