/*
 * vfork(2), the macro of <unistd.h>. The kernel runs the child in the parent's memory. setjmp
 * keeps where vfork was
 * called; when the child ends or becomes another program, the kernel makes the caller the parent
 * again, and longjmp
 * takes it there. A child may vfork, too, so that there is a stack of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"
#include "vfork.h"

/* A child that vforks before it execs is rare, and deeper nesting than this unheard of. */
enum { MAX_DEPTH = 8 };

static struct {
  jmp_buf place;
  int pid;
} children[MAX_DEPTH];
static int depth;

int __wolffia_vfork(void) {
  if (depth == MAX_DEPTH) return fail(EAGAIN);
  int pid;
  int error = wasix_proc_fork_env(&pid);
  if (error) return fail(error);
  children[depth++].pid = pid;
  return 0;
}

void *__wolffia_vfork_frame(void) { return children[depth - 1].place; }

bool __wolffia_vfork_is_child(void) { return depth > 0; }

void __wolffia_vfork_leave(void) {
  depth--;
  longjmp(children[depth].place, children[depth].pid);
}

void __wolffia_vfork_exit(int code) {
  if (depth == 0) return;
  wasix_proc_exit2(code);
  __wolffia_vfork_leave();
}
