/* Adds to wasi-libc's <setjmp.h> the forms that keep the signal mask. */
#ifndef _WOLFFIA_SETJMP_H
#define _WOLFFIA_SETJMP_H

#include_next <setjmp.h>

#ifdef __cplusplus
extern "C" {
#endif

void __wolffia_save_mask(sigjmp_buf, int);

/* A macro, because setjmp must be called in the function that lives on. */
#define sigsetjmp(environment, save) (__wolffia_save_mask(environment, save), setjmp(environment))
#define _setjmp(environment) setjmp(environment)
#define _longjmp(environment, value) longjmp(environment, value)

#ifdef __cplusplus
}
#endif

#endif
