/* Adds to wasi-libc's <errno.h> names of Linux that preview1 has no numbers for. */
#ifndef _WOLFFIA_ERRNO_H
#define _WOLFFIA_ERRNO_H

#include_next <errno.h>

/* What the kernel answers for an absent extended attribute. */
#define ENODATA ENOENT

#endif
