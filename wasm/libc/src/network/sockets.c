/* Sockets, which the kernel does not open for programs yet. */
#include <net/if.h>
#include <sys/socket.h>

#include "../result.h"

int socket(int family, int type, int protocol) {
  (void)family, (void)type, (void)protocol;
  return fail(ENOSYS);
}

int socketpair(int family, int type, int protocol, int ends[2]) {
  (void)family, (void)type, (void)protocol, (void)ends;
  return fail(ENOSYS);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  (void)fd, (void)address, (void)length;
  return fail(ENOSYS);
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  (void)fd, (void)address, (void)length;
  return fail(ENOSYS);
}

int listen(int fd, int backlog) {
  (void)fd, (void)backlog;
  return fail(ENOSYS);
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  (void)fd, (void)address, (void)length;
  return fail(ENOSYS);
}

int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  (void)fd, (void)address, (void)length;
  return fail(ENOSYS);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
  (void)fd, (void)level, (void)option, (void)value, (void)length;
  return fail(ENOSYS);
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address,
               socklen_t length) {
  (void)address, (void)length;
  return address ? fail(ENOSYS) : send(fd, bytes, size, flags);
}

ssize_t recvfrom(int fd, void *restrict bytes, size_t size, int flags,
                 struct sockaddr *restrict address, socklen_t *restrict length) {
  (void)length;
  return address ? fail(ENOSYS) : recv(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  (void)fd, (void)message, (void)flags;
  return fail(ENOSYS);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  (void)fd, (void)message, (void)flags;
  return fail(ENOSYS);
}

unsigned if_nametoindex(const char *name) {
  (void)name;
  errno = ENODEV;
  return 0;
}

char *if_indextoname(unsigned index, char *name) {
  (void)index, (void)name;
  errno = ENXIO;
  return NULL;
}
