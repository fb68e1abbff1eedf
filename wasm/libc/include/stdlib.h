/* Adds to wasi-libc's <stdlib.h>: system(), temporary files, the macros of wait(2). */
#ifndef _WOLFFIA_STDLIB_H
#define _WOLFFIA_STDLIB_H

#include_next <stdlib.h>
#include <wolffia/wait-status.h>

#ifdef __cplusplus
extern "C" {
#endif

int system(const char *);

char *mktemp(char *);
int mkstemp(char *);
int mkostemp(char *, int);
int mkstemps(char *, int);
int mkostemps(char *, int, int);
char *mkdtemp(char *);
#define mkstemp64 mkstemp
#define mkostemp64 mkostemp

void *valloc(size_t);
void *memalign(size_t, size_t);
int getloadavg(double *, int);

#ifdef __cplusplus
}
#endif

#endif
