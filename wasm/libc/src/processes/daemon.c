/* daemon(3); needs a module that can fork. */
#include <fcntl.h>
#include <unistd.h>

int daemon(int keep_directory, int keep_streams) {
  pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid > 0) _exit(0);
  if (setsid() < 0) return -1;
  if (!keep_directory && chdir("/") < 0) return -1;
  if (!keep_streams) {
    int null = open("/dev/null", O_RDWR);
    if (null < 0) return -1;
    for (int fd = 0; fd <= 2; fd++) dup2(null, fd);
    if (null > 2) close(null);
  }
  return 0;
}
