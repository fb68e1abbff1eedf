/* Names of hosts and services, of which none is known without a network. */
#include <netdb.h>
#include <stddef.h>

int h_errno;

int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict found) {
  (void)host, (void)service, (void)hints, (void)found;
  return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *list) { (void)list; }

int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host,
                socklen_t host_size, char *restrict service, socklen_t service_size, int flags) {
  (void)address, (void)length, (void)host, (void)host_size, (void)service, (void)service_size;
  (void)flags;
  return EAI_FAIL;
}

const char *gai_strerror(int error) {
  switch (error) {
    case EAI_BADFLAGS:
      return "Invalid flags";
    case EAI_NONAME:
      return "Name does not resolve";
    case EAI_AGAIN:
      return "Try again";
    case EAI_FAIL:
      return "Non-recoverable error";
    case EAI_FAMILY:
      return "Unrecognized address family or invalid length";
    case EAI_SOCKTYPE:
      return "Unrecognized socket type";
    case EAI_SERVICE:
      return "Unrecognized service";
    case EAI_MEMORY:
      return "Out of memory";
    case EAI_SYSTEM:
      return "System error";
    case EAI_OVERFLOW:
      return "Overflow";
    default:
      return "Unknown error";
  }
}

const char *hstrerror(int error) {
  return error == HOST_NOT_FOUND ? "Host not found" : "Unknown error";
}

static void *not_found(void) {
  h_errno = HOST_NOT_FOUND;
  return NULL;
}

struct hostent *gethostbyname(const char *name) {
  (void)name;
  return not_found();
}

struct hostent *gethostbyaddr(const void *address, socklen_t length, int family) {
  (void)address, (void)length, (void)family;
  return not_found();
}

struct servent *getservbyname(const char *name, const char *protocol) {
  (void)name, (void)protocol;
  return NULL;
}

struct servent *getservbyport(int port, const char *protocol) {
  (void)port, (void)protocol;
  return NULL;
}

struct protoent *getprotobyname(const char *name) {
  (void)name;
  return NULL;
}

struct protoent *getprotobynumber(int number) {
  (void)number;
  return NULL;
}
