// Processes do not share memory here. SQLite then keeps the index of a write-ahead log in its own
// memory when it locks the database for itself (PRAGMA locking_mode=EXCLUSIVE), and refuses WAL
// otherwise. An emulation that gives each process a copy would let them spoil the database.
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

static inline void *no_mmap(void) {
  errno = ENODEV;
  return MAP_FAILED;
}
#define mmap(address, length, protection, flags, fd, offset) no_mmap()
#define munmap(address, length) 0
