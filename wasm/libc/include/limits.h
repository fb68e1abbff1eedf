/* Adds to wasi-libc's <limits.h> the limits of pipes, users and shells. */
#ifndef _WOLFFIA_LIMITS_H
#define _WOLFFIA_LIMITS_H

#include_next <limits.h>

#define PIPE_BUF 4096
#define LOGIN_NAME_MAX 256
#define LINE_MAX 4096
#define BC_BASE_MAX 99
#define BC_DIM_MAX 2048
#define BC_SCALE_MAX 99
#define BC_STRING_MAX 1000
#define EXPR_NEST_MAX 32

#endif
