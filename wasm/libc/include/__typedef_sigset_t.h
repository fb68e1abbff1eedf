/* wasi-libc's sigset_t is a placeholder of eight bits; ours holds the signals 1 to 64. */
#ifndef __wasilibc___typedef_sigset_t_h
#define __wasilibc___typedef_sigset_t_h

typedef struct {
  unsigned long long __bits;
} sigset_t;

#endif
