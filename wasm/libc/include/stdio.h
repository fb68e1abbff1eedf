/* Adds to wasi-libc's <stdio.h>: popen(), temporary files, and locks of streams. */
#ifndef _WOLFFIA_STDIO_H
#define _WOLFFIA_STDIO_H

/* wasi-libc declares these as deprecated, because it has none. */
#define tmpnam __wasilibc_tmpnam
#define tmpfile __wasilibc_tmpfile
#include_next <stdio.h>
#undef tmpnam
#undef tmpfile

#ifdef __cplusplus
extern "C" {
#endif

#define TMP_MAX 10000
#define L_tmpnam 20
#define L_ctermid 20
#define P_tmpdir "/tmp"
char *tmpnam(char *);
char *tempnam(const char *, const char *);
FILE *tmpfile(void);
#define tmpfile64 tmpfile

FILE *popen(const char *, const char *);
int pclose(FILE *);

void flockfile(FILE *);
int ftrylockfile(FILE *);
void funlockfile(FILE *);

#ifdef __cplusplus
}
#endif

#endif
