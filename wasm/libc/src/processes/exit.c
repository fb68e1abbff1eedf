/*
 * _exit(2) in the child of a vfork returns to the parent. Weak, so that programs without vfork
 * stay without setjmp.
 */
#include <stdlib.h>
#include <unistd.h>
#include <wasi/api.h>

#include "vfork.h"

_Noreturn void _Exit(int code) {
  if (__wolffia_vfork_exit) __wolffia_vfork_exit(code);
  __wasi_proc_exit(code & 0xff);
}

_Noreturn void _exit(int code) { _Exit(code); }
