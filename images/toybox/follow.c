/*
 * How `tail -f` learns that a file has grown, in place of inotify(7): it looks at the sizes five
 * times a second.
 */
#include <toys.h>

enum { INTERVAL_NS = 200 * 1000 * 1000 };

/* In `fds` each has its descriptor and the size that was last seen. */
struct xnotify *xnotify_init(int max) {
  struct xnotify *files = xzalloc(sizeof(struct xnotify));
  files->max = max;
  files->paths = xmalloc(max * sizeof(char *));
  files->fds = xmalloc(max * 2 * sizeof(int));
  return files;
}

static int size_of(int fd) {
  struct stat stat;
  return fstat(fd, &stat) < 0 ? -1 : (int)stat.st_size;
}

int xnotify_add(struct xnotify *files, int fd, char *path) {
  if (files->count == files->max) error_exit("xnotify_add overflow");
  files->fds[2 * files->count] = fd;
  files->fds[2 * files->count + 1] = size_of(fd);
  files->paths[files->count++] = path;
  return 0;
}

int xnotify_wait(struct xnotify *files, char **path) {
  for (;;) {
    for (int i = 0; i < files->count; i++) {
      int fd = files->fds[2 * i], size = size_of(fd);
      if (size == files->fds[2 * i + 1]) continue;
      files->fds[2 * i + 1] = size;
      *path = files->paths[i];
      return fd;
    }
    nanosleep(&(struct timespec){.tv_nsec = INTERVAL_NS}, 0);
  }
}
