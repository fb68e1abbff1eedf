/*
 * The system calls of Wolffia that no published interface has, and the published ones (wasix_32v1) that our libc
 * additions use: what stands between `wasm/libc` and `src/abi`.
 *
 * Every function answers an errno of preview1 (0: success) unless said otherwise. Strings are (pointer, length) without
 * NUL. A list of strings ("blob") is its strings one after the other, each with its NUL, as (pointer, length).
 * Paths: `dirfd` is a directory's fd or WOLFFIA_CWD; the kernel knows the working directory and takes absolute paths.
 * That holds for preview1's own path calls, too, when they are given WOLFFIA_CWD. Where it is said ("or the fd"), an
 * empty path means the file that `dirfd` is open on, of whatever kind. `lookup` is preview1's lookupflags (1: follow).
 */
#ifndef WOLFFIA_ABI_H
#define WOLFFIA_ABI_H

#include <stdint.h>

#define WOLFFIA_CWD (-2) /* wasi-libc's AT_FDCWD */

#define WOLFFIA_IMPORT(name) __attribute__((import_module("wolffia_32v1"), import_name(#name)))
#define WASIX_IMPORT(name) __attribute__((import_module("wasix_32v1"), import_name(#name)))

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* 88 bytes. `mode` has Linux's file type bits; times are nanoseconds since the epoch; blocks are of 512 bytes. */
struct wolffia_stat {
    uint64_t dev, ino;
    uint32_t mode, nlink, uid, gid;
    uint64_t rdev, size, blocks;
    uint32_t block_size, reserved;
    int64_t accessed_ns, modified_ns, changed_ns;
};

/* 64 bytes. */
struct wolffia_statfs {
    uint64_t type, block_size, blocks, blocks_free, blocks_available, files, files_free;
    uint32_t flags /* ST_RDONLY 1 */, name_max;
};

/* 24 bytes; `type`: 0 read, 1 write, 2 unlock (F_RDLCK …); `whence` as lseek's (0 set, 1 cur, 2 end). */
struct wolffia_lock {
    int16_t type, whence;
    int32_t pid;
    int64_t start, length;
};

/* Or the fd. */
WOLFFIA_IMPORT(path_stat) int wolffia_path_stat(int dirfd, int lookup, const char *path, int length, struct wolffia_stat *stat);
/* preview1's path_open with a mode (less the umask) and wasix' fdflagsext (1: close on exec). */
WOLFFIA_IMPORT(path_open) int wolffia_path_open(int dirfd, int lookup, const char *path, int length, int oflags, uint64_t rights,
                                                uint64_t inheriting, int fdflags, int fdflagsext, int mode, int *fd);
WOLFFIA_IMPORT(path_mkdir) int wolffia_path_mkdir(int dirfd, const char *path, int length, int mode);
/* `mode` with its type bits: a FIFO, a regular file or a socket; devices are EPERM. */
WOLFFIA_IMPORT(path_mknod) int wolffia_path_mknod(int dirfd, const char *path, int length, int mode, uint64_t rdev);
/* Or the fd. */
WOLFFIA_IMPORT(path_chmod) int wolffia_path_chmod(int dirfd, int lookup, const char *path, int length, int mode);
/* Or the fd. -1 leaves an id as it is. */
WOLFFIA_IMPORT(path_chown) int wolffia_path_chown(int dirfd, int lookup, const char *path, int length, int uid, int gid);
/* `wanted`: R_OK 4, W_OK 2, X_OK 1 or 0; by the real ids, or by the effective ones. */
WOLFFIA_IMPORT(path_access) int wolffia_path_access(int dirfd, int lookup, const char *path, int length, int wanted, int effective);
/* Or the fd. */
WOLFFIA_IMPORT(path_statfs) int wolffia_path_statfs(int dirfd, const char *path, int length, struct wolffia_statfs *statfs);
/* Extended attributes, each or the fd. `*size` is the full size; ERANGE when `capacity` is less and not 0.
 * set: flags 1 create only, 2 replace only. list: a blob. An absent attribute is ENOTSUP or ENODATA's stand-in ENOENT. */
WOLFFIA_IMPORT(xattr_get) int wolffia_xattr_get(int dirfd, int lookup, const char *path, int length, const char *name, int name_length,
                                                void *value, int capacity, int *size);
WOLFFIA_IMPORT(xattr_set) int wolffia_xattr_set(int dirfd, int lookup, const char *path, int length, const char *name, int name_length,
                                                const void *value, int value_length, int flags);
WOLFFIA_IMPORT(xattr_list) int wolffia_xattr_list(int dirfd, int lookup, const char *path, int length, void *names, int capacity, int *size);
WOLFFIA_IMPORT(xattr_remove) int wolffia_xattr_remove(int dirfd, int lookup, const char *path, int length, const char *name, int name_length);
WOLFFIA_IMPORT(umask) int wolffia_umask(int mask, int *old);
WOLFFIA_IMPORT(fd_chdir) int wolffia_fd_chdir(int fd);
/* dup2(2) and dup3(2): `to` becomes a copy of `fd`. EINVAL when both are the same and flags are given. */
WOLFFIA_IMPORT(fd_dup_to) int wolffia_fd_dup_to(int fd, int to, int fdflagsext);
/* fcntl's F_GETLK (0), F_SETLK (1), F_SETLKW (2). */
WOLFFIA_IMPORT(fd_lock) int wolffia_fd_lock(int fd, int command, struct wolffia_lock *lock);
/* flock(2), its own operation bits (1 shared, 2 exclusive, 4 non-blocking, 8 unlock). */
WOLFFIA_IMPORT(fd_flock) int wolffia_fd_flock(int fd, int operation);
/* FIONREAD */
WOLFFIA_IMPORT(fd_available) int wolffia_fd_available(int fd, int *bytes);
WOLFFIA_IMPORT(sync) int wolffia_sync(void);

/* ---- processes -------------------------------------------------------------------------------------------------- */

/* 32 bytes */
struct wolffia_usage {
    uint64_t user_ns, system_ns, peak_memory_bytes, reserved;
};

/* What a spawned process does before its program starts, in order; see posix_spawn_file_actions_t. 32 bytes. */
struct wolffia_spawn_action {
    uint32_t kind; /* 0 close(fd), 1 dup2(source, fd), 2 open(path, oflag, mode) as fd, 3 chdir(path), 4 fchdir(fd) */
    int32_t fd, source;
    const char *path;
    uint32_t path_length;
    uint32_t oflags; /* preview1 oflags in the low half, fdflags in the high half */
    uint32_t access; /* 1 read, 2 write */
    uint32_t mode;
};

/* 32 bytes */
struct wolffia_spawn_attributes {
    uint32_t flags; /* POSIX_SPAWN_RESETIDS 1, SETPGROUP 2, SETSIGDEF 4, SETSIGMASK 8, SETSID 128 */
    int32_t group;
    uint64_t default_signals, signal_mask;
    uint64_t reserved;
};

/* execve(2): answers only when it failed, or, between wasix_proc_fork_env and here, in the parent. `search`: a name
 * without a slash is looked up in `env`'s PATH… of the caller, as execvpe(3). */
WOLFFIA_IMPORT(proc_exec) int wolffia_proc_exec(const char *path, int length, int search, const char *args, int args_length,
                                                const char *env, int env_length);
WOLFFIA_IMPORT(proc_spawn) int wolffia_proc_spawn(const char *path, int length, int search, const char *args, int args_length,
                                                  const char *env, int env_length, const struct wolffia_spawn_action *actions,
                                                  int action_count, const struct wolffia_spawn_attributes *attributes, int *pid);
/* wait4(2): `options` are WNOHANG 1, WUNTRACED 2, WCONTINUED 8; `*status` is encoded as Linux encodes it; `*reaped` is
 * 0 when there is nothing to report yet (WNOHANG). `usage` may be 0. */
WOLFFIA_IMPORT(proc_wait) int wolffia_proc_wait(int pid, int options, int *status, struct wolffia_usage *usage, int *reaped);
WOLFFIA_IMPORT(proc_group_get) int wolffia_proc_group_get(int pid, int *group);
WOLFFIA_IMPORT(proc_group_set) int wolffia_proc_group_set(int pid, int group);
WOLFFIA_IMPORT(proc_session_get) int wolffia_proc_session_get(int pid, int *session);
WOLFFIA_IMPORT(proc_session_new) int wolffia_proc_session_new(int *session);
/* Itself, and the children it has waited for; getrusage(2), times(2). */
WOLFFIA_IMPORT(proc_usage) int wolffia_proc_usage(struct wolffia_usage *self, struct wolffia_usage *children);
/* getrlimit/setrlimit, Linux's resource numbers; ~0 is infinity. `value` is {current, maximum}; either may be 0. */
WOLFFIA_IMPORT(proc_limit) int wolffia_proc_limit(int resource, const uint64_t *value, uint64_t *old);
/* {real, effective, saved} of users, then of groups. */
WOLFFIA_IMPORT(ids_get) int wolffia_ids_get(uint32_t ids[6]);
/* setresuid, setresgid; -1 leaves one as it is. */
WOLFFIA_IMPORT(users_set) int wolffia_users_set(int real, int effective, int saved);
WOLFFIA_IMPORT(groups_set) int wolffia_groups_set(int real, int effective, int saved);
/* getgroups, setgroups. `*count` is how many there are. */
WOLFFIA_IMPORT(supplementary_get) int wolffia_supplementary_get(uint32_t *groups, int capacity, int *count);
WOLFFIA_IMPORT(supplementary_set) int wolffia_supplementary_set(const uint32_t *groups, int count);
WOLFFIA_IMPORT(hostname_get) int wolffia_hostname_get(char *name, int capacity, int *length);
WOLFFIA_IMPORT(hostname_set) int wolffia_hostname_set(const char *name, int length);

/* Published. fork copies the caller (modules made by Binaryen's --asyncify with this import named, which export
 * __stack_pointer and __stack_low); 0 is written in the child. fork_env goes on as the child on the parent's stack and
 * memory, until exit2 or a successful exec, each of which then returns, as the parent. */
WASIX_IMPORT(proc_fork) int wasix_proc_fork(int copy_memory, int *pid);
WASIX_IMPORT(proc_fork_env) int wasix_proc_fork_env(int *pid);
WASIX_IMPORT(proc_exit2) void wasix_proc_exit2(int code);
WASIX_IMPORT(proc_id) int wasix_proc_id(int *pid);
WASIX_IMPORT(proc_parent) int wasix_proc_parent(int pid, int *parent);
/* kill(2), with its meaning of 0 and of negative numbers. */
WASIX_IMPORT(proc_signal) int wasix_proc_signal(int pid, int signal);
WASIX_IMPORT(getcwd) int wasix_getcwd(char *path, int *length); /* EOVERFLOW with the length that is needed; no NUL */
WASIX_IMPORT(chdir) int wasix_chdir(const char *path, int length);
WASIX_IMPORT(fd_pipe) int wasix_fd_pipe(int *read_end, int *write_end);
WASIX_IMPORT(fd_dup) int wasix_fd_dup(int fd, int *copy);
WASIX_IMPORT(fd_dup2) int wasix_fd_dup2(int fd, int minimum, int close_on_exec, int *copy); /* F_DUPFD */
WASIX_IMPORT(fd_fdflags_get) int wasix_fd_fdflags_get(int fd, uint16_t *flags);           /* 1: close on exec */
WASIX_IMPORT(fd_fdflags_set) int wasix_fd_fdflags_set(int fd, int flags);
WASIX_IMPORT(thread_sleep) int wasix_thread_sleep(uint64_t duration_ns);

/* ---- signals ---------------------------------------------------------------------------------------------------- */

/* Sets are bits: signal N is bit N - 1. Numbers are Linux's. */
struct wolffia_signal_action {
    uint32_t kind;  /* 0 default, 1 ignore, 2 the handler */
    uint32_t flags; /* Linux's SA_NOCLDSTOP 1, NOCLDWAIT 2, SIGINFO 4, RESTART 0x10000000, NODEFER 0x40000000, RESETHAND 0x80000000 */
    uint64_t mask;
};

/* 24 bytes */
struct wolffia_signal_info {
    int32_t signal, code, pid, uid, status, reserved;
};

/* Names the exported function (i32) -> () that is called for signals whose kind is "the handler". It is called within
 * hostcalls and at yield points; the kernel blocks the action's mask meanwhile. */
WASIX_IMPORT(callback_signal) void wasix_callback_signal(const char *export_name, int length);
/* sigaction(2); either may be 0. */
WOLFFIA_IMPORT(signal_action) int wolffia_signal_action(int signal, const struct wolffia_signal_action *action,
                                                        struct wolffia_signal_action *old);
/* sigprocmask(2): `how` is 0 block, 1 unblock, 2 set; either may be 0. */
WOLFFIA_IMPORT(signal_mask) int wolffia_signal_mask(int how, const uint64_t *set, uint64_t *old);
WOLFFIA_IMPORT(signal_pending) int wolffia_signal_pending(uint64_t *set);
/* sigsuspend(2): always EINTR. */
WOLFFIA_IMPORT(signal_suspend) int wolffia_signal_suspend(const uint64_t *mask);
/* sigtimedwait(2): negative timeout: none. EAGAIN when it has passed. */
WOLFFIA_IMPORT(signal_wait) int wolffia_signal_wait(const uint64_t *set, int64_t timeout_ns, struct wolffia_signal_info *info);
/* Of the signal whose handler runs. */
WOLFFIA_IMPORT(signal_info) int wolffia_signal_info(struct wolffia_signal_info *info);
/* setitimer(ITIMER_REAL), in nanoseconds; {value, interval}; either may be 0. */
WOLFFIA_IMPORT(timer) int wolffia_timer(const uint64_t *value, uint64_t *old);

/* ---- terminals -------------------------------------------------------------------------------------------------- */

/* As Linux's (and musl's) struct termios: 60 bytes. */
struct wolffia_termios {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line, cc[32], reserved[3];
    uint32_t ispeed, ospeed;
};

/* As struct winsize: 8 bytes. */
struct wolffia_window {
    uint16_t rows, columns, width, height;
};

/* Each is ENOTTY on anything else. */
WOLFFIA_IMPORT(tty_get) int wolffia_tty_get(int fd, struct wolffia_termios *termios);
/* `when`: TCSANOW 0, TCSADRAIN 1, TCSAFLUSH 2. */
WOLFFIA_IMPORT(tty_set) int wolffia_tty_set(int fd, int when, const struct wolffia_termios *termios);
WOLFFIA_IMPORT(tty_window_get) int wolffia_tty_window_get(int fd, struct wolffia_window *window);
WOLFFIA_IMPORT(tty_window_set) int wolffia_tty_window_set(int fd, const struct wolffia_window *window);
WOLFFIA_IMPORT(tty_group_get) int wolffia_tty_group_get(int fd, int *group);
WOLFFIA_IMPORT(tty_group_set) int wolffia_tty_group_set(int fd, int group);
WOLFFIA_IMPORT(tty_session_get) int wolffia_tty_session_get(int fd, int *session);
/* TIOCSCTTY */
WOLFFIA_IMPORT(tty_control) int wolffia_tty_control(int fd);
/* tcflush's queue: 0 input, 1 output, 2 both. */
WOLFFIA_IMPORT(tty_flush) int wolffia_tty_flush(int fd, int queue);
WOLFFIA_IMPORT(tty_name) int wolffia_tty_name(int fd, char *name, int capacity, int *length);

#endif
