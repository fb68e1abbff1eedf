// files open FILE COUNT: opens, reads 4 KiB, closes;  files stat FILE COUNT: asks for its attributes. Print nanoseconds a round.
// files find DIRECTORY COUNT: walks down it with the attributes of every file, as find(1) does; prints nanoseconds a walk.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char buffer[4096];

static int open_once(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return -1;
  int result = read(fd, buffer, sizeof buffer) == sizeof buffer ? 0 : -1;
  close(fd);
  return result;
}

static int stat_once(const char *path) {
  struct stat facts;
  return stat(path, &facts);
}

static int find_once(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) return -1;
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(directory));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    char below[1024];
    struct stat facts;
    snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
    result = lstat(below, &facts);
    if (result == 0 && S_ISDIR(facts.st_mode)) result = find_once(below);
  }
  closedir(directory);
  return result;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int (*round)(const char *) = !strcmp(argv[1], "open")   ? open_once
                               : !strcmp(argv[1], "stat") ? stat_once
                                                          : find_once;
  long count = atol(argv[3]);
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (long i = 0; i < count; i++) {
    if (round(argv[2]) < 0) {
      perror(argv[2]);
      return 1;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  double spent = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
  printf("%.1f\n", spent / count);
  return 0;
}
