/* The older form of nftw(3), which wasi-libc has. */
#include <ftw.h>

static int (*visitor)(const char *, const struct stat *, int);

static int visit(const char *path, const struct stat *stat, int kind, struct FTW *where) {
  (void)where;
  return visitor(path, stat, kind);
}

int ftw(const char *path, int (*callback)(const char *, const struct stat *, int), int depth) {
  int (*before)(const char *, const struct stat *, int) = visitor;
  visitor = callback;
  int answer = nftw(path, visit, depth, 0);
  visitor = before;
  return answer;
}
