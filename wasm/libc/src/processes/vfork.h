/*
 * How the child of a vfork hands the stack back; see vfork.c. Weak: undefined in programs that do
 * not call vfork.
 */
#ifndef WOLFFIA_VFORK_H
#define WOLFFIA_VFORK_H

#include <stdbool.h>

/* Ends the child and returns as the parent, or returns at once, when this is no such child. */
__attribute__((weak)) void __wolffia_vfork_exit(int code);
/* Whether this is such a child. */
__attribute__((weak)) bool __wolffia_vfork_is_child(void);
/* Returns as the parent, when the child has become another program. */
__attribute__((weak, noreturn)) void __wolffia_vfork_leave(void);

#endif
