/*
 * fork(2), in modules made for it (wolffia-cc -mfork): the kernel unwinds the stack by asyncify's
 * means, copies the
 * memory, and winds it up again in both. In others the kernel answers ENOTSUP.
 */
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

pid_t _Fork(void) {
  int pid;
  int error = wasix_proc_fork(1, &pid);
  return error ? fail(error) : pid;
}

pid_t fork(void) { return _Fork(); }
