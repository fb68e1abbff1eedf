/* Adds ppoll() to wasi-libc's <poll.h>. */
#ifndef _WOLFFIA_POLL_H
#define _WOLFFIA_POLL_H

#include_next <poll.h>

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

int ppoll(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);

#ifdef __cplusplus
}
#endif

#endif
