/* The old names of aligned_alloc(3). */
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

void *valloc(size_t size) { return aligned_alloc(getpagesize(), size); }
