/* Adds to wasi-libc's <malloc.h> the old names of aligned_alloc(). */
#ifndef _WOLFFIA_MALLOC_H
#define _WOLFFIA_MALLOC_H

#include_next <malloc.h>

#ifdef __cplusplus
extern "C" {
#endif

void *valloc(size_t);
void *memalign(size_t, size_t);

#ifdef __cplusplus
}
#endif

#endif
