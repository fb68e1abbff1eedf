/* Adds to wasi-libc's <fcntl.h>: close-on-exec, duplication, locks, and flags that are no-ops. */
#ifndef _WOLFFIA_FCNTL_H
#define _WOLFFIA_FCNTL_H

#include_next <fcntl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero in wasi-libc. Its access modes are bits; no bit at all is read here as O_RDONLY. */
#undef O_CLOEXEC
#define O_CLOEXEC 0x20000000

#define O_PATH O_SEARCH
#define O_LARGEFILE 0
#define O_NOATIME 0
#define O_ASYNC 0
#define O_NDELAY O_NONBLOCK

#define F_DUPFD 0
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_DUPFD_CLOEXEC 1030

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

/* Zero in wasi-libc: it knows one id only. */
#undef AT_EACCESS
#define AT_EACCESS 0x0200
#define AT_EMPTY_PATH 0x1000
#define AT_NO_AUTOMOUNT 0

#define F_ULOCK 0
#define F_LOCK 1
#define F_TLOCK 2
#define F_TEST 3
int lockf(int, int, off_t);

#ifdef __cplusplus
}
#endif

#endif
