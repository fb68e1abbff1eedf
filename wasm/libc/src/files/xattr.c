/* Extended attributes; preview1 has none. */
#include <sys/xattr.h>

#include "path.h"


static ssize_t get(int dirfd, int lookup, const char *path, const char *name, void *value,
                   size_t capacity) {
  int size;
  int error = wolffia_xattr_get(dirfd, lookup, path, strlen(path), name, strlen(name), value,
                                capacity, &size);
  return error ? fail(error) : size;
}

ssize_t getxattr(const char *path, const char *name, void *value, size_t capacity) {
  return get(AT_FDCWD, FOLLOW, path, name, value, capacity);
}

ssize_t lgetxattr(const char *path, const char *name, void *value, size_t capacity) {
  return get(AT_FDCWD, 0, path, name, value, capacity);
}

ssize_t fgetxattr(int fd, const char *name, void *value, size_t capacity) {
  return get(fd, 0, "", name, value, capacity);
}

static ssize_t list(int dirfd, int lookup, const char *path, char *names, size_t capacity) {
  int size;
  int error = wolffia_xattr_list(dirfd, lookup, path, strlen(path), names, capacity, &size);
  return error ? fail(error) : size;
}

ssize_t listxattr(const char *path, char *names, size_t capacity) {
  return list(AT_FDCWD, FOLLOW, path, names, capacity);
}

ssize_t llistxattr(const char *path, char *names, size_t capacity) {
  return list(AT_FDCWD, 0, path, names, capacity);
}

ssize_t flistxattr(int fd, char *names, size_t capacity) {
  return list(fd, 0, "", names, capacity);
}

static int set(int dirfd, int lookup, const char *path, const char *name, const void *value,
               size_t length, int flags) {
  return result(wolffia_xattr_set(dirfd, lookup, path, strlen(path), name, strlen(name), value,
                                  length, flags));
}

int setxattr(const char *path, const char *name, const void *value, size_t length, int flags) {
  return set(AT_FDCWD, FOLLOW, path, name, value, length, flags);
}

int lsetxattr(const char *path, const char *name, const void *value, size_t length, int flags) {
  return set(AT_FDCWD, 0, path, name, value, length, flags);
}

int fsetxattr(int fd, const char *name, const void *value, size_t length, int flags) {
  return set(fd, 0, "", name, value, length, flags);
}

static int drop(int dirfd, int lookup, const char *path, const char *name) {
  return result(
      wolffia_xattr_remove(dirfd, lookup, path, strlen(path), name, strlen(name)));
}

int removexattr(const char *path, const char *name) { return drop(AT_FDCWD, FOLLOW, path, name); }

int lremovexattr(const char *path, const char *name) { return drop(AT_FDCWD, 0, path, name); }

int fremovexattr(int fd, const char *name) { return drop(fd, 0, "", name); }
