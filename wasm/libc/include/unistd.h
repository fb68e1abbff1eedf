/* Adds to wasi-libc's <unistd.h> what it lacks: processes, ids, duplication, owners. */
#ifndef _WOLFFIA_UNISTD_H
#define _WOLFFIA_UNISTD_H

#include_next <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEEK_DATA 3
#define SEEK_HOLE 4

int pipe(int[2]);
int pipe2(int[2], int);
int dup(int);
int dup2(int, int);
int dup3(int, int, int);

int chown(const char *, uid_t, gid_t);
int fchown(int, uid_t, gid_t);
int lchown(const char *, uid_t, gid_t);
int fchownat(int, const char *, uid_t, gid_t, int);
int fchdir(int);
int chroot(const char *);
char *get_current_dir_name(void);
int euidaccess(const char *, int);
int eaccess(const char *, int);
void sync(void);
int syncfs(int);
int lockf(int, int, off_t);

unsigned alarm(unsigned);
unsigned ualarm(unsigned, unsigned);
int pause(void);

pid_t fork(void);
pid_t _Fork(void);
int execve(const char *, char *const[], char *const[]);
int execv(const char *, char *const[]);
int execle(const char *, const char *, ...);
int execl(const char *, const char *, ...);
int execvp(const char *, char *const[]);
int execlp(const char *, const char *, ...);
int execvpe(const char *, char *const[], char *const[]);
int fexecve(int, char *const[], char *const[]);
int daemon(int, int);
int nice(int);

/*
 * vfork() goes on as the child, in the parent's memory and on its stack, until _exit or a
 * successful exec, upon which it returns once more, as the parent. It is an expression rather than
 * a function, because its setjmp must be called in the function that lives on.
 */
int __wolffia_vfork(void);
void *__wolffia_vfork_frame(void);
int __wolffia_setjmp(void *) __asm__("setjmp") __attribute__((__returns_twice__));
#define vfork() \
  ((pid_t)(__wolffia_vfork() < 0 ? -1 : __wolffia_setjmp(__wolffia_vfork_frame())))

pid_t getppid(void);
pid_t getpgrp(void);
pid_t getpgid(pid_t);
int setpgid(pid_t, pid_t);
pid_t setpgrp(void);
pid_t setsid(void);
pid_t getsid(pid_t);
pid_t gettid(void);

uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int getgroups(int, gid_t[]);
int setgroups(size_t, const gid_t *);
int setuid(uid_t);
int seteuid(uid_t);
int setgid(gid_t);
int setegid(gid_t);
int setreuid(uid_t, uid_t);
int setregid(gid_t, gid_t);
int setresuid(uid_t, uid_t, uid_t);
int setresgid(gid_t, gid_t, gid_t);
int getresuid(uid_t *, uid_t *, uid_t *);
int getresgid(gid_t *, gid_t *, gid_t *);
int issetugid(void);

char *ttyname(int);
int ttyname_r(int, char *, size_t);
pid_t tcgetpgrp(int);
int tcsetpgrp(int, pid_t);
char *getpass(const char *);

int sethostname(const char *, size_t);
int getdomainname(char *, size_t);
int setdomainname(const char *, size_t);
int getdtablesize(void);

#define _POSIX_JOB_CONTROL 1
#define _POSIX_SAVED_IDS 1
#define _POSIX_SHELL 1
#define _POSIX_SPAWN _POSIX_VERSION

#ifdef __cplusplus
}
#endif

#endif
