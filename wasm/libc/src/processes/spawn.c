/* posix_spawn(3) by one call of the kernel, which starts a program without a copy of the caller. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "blob.h"

/* As many as fit the kernel's bound; a program that needs more descriptors set up is not known. */
enum { MAX_ACTIONS = 1024 };
enum { ACTION_CLOSE, ACTION_DUP2, ACTION_OPEN, ACTION_CHDIR, ACTION_FCHDIR };
enum { ACCESS_READ = 1, ACCESS_WRITE = 2 };

static int spawn(pid_t *pid, const char *path, int search,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                 char *const arguments[], char *const environment[]) {
  struct blob args, env;
  if (__wolffia_blob(arguments, &args) < 0) return errno;
  if (__wolffia_blob(environment, &env) < 0) {
    free(args.bytes);
    return errno;
  }
  struct wolffia_spawn_attributes wanted = {0};
  if (attributes) {
    wanted.flags = attributes->__flags;
    wanted.group = attributes->__group;
    wanted.default_signals = attributes->__default_signals.__bits;
    wanted.signal_mask = attributes->__mask.__bits;
  }
  int child;
  int error = wolffia_proc_spawn(path, strlen(path), search, args.bytes, args.length, env.bytes,
                                 env.length, actions ? actions->__actions : NULL,
                                 actions ? actions->__count : 0, &wanted, &child);
  free(args.bytes);
  free(env.bytes);
  if (error == 0 && pid) *pid = child;
  return error;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
                const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *restrict attributes, char *const *restrict arguments,
                char *const *restrict environment) {
  return spawn(pid, path, 0, actions, attributes, arguments, environment);
}

int posix_spawnp(pid_t *restrict pid, const char *restrict name,
                 const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *restrict attributes, char *const *restrict arguments,
                 char *const *restrict environment) {
  return spawn(pid, name, 1, actions, attributes, arguments, environment);
}

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions) {
  *actions = (posix_spawn_file_actions_t){0};
  return 0;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions) {
  for (int i = 0; i < actions->__count; i++) free((char *)actions->__actions[i].path);
  free(actions->__actions);
  return posix_spawn_file_actions_init(actions);
}

/* `action` with a copy of its path. */
static int add(posix_spawn_file_actions_t *actions, struct wolffia_spawn_action action) {
  if (actions->__count == MAX_ACTIONS) return ENOMEM;
  struct wolffia_spawn_action *more =
      reallocarray(actions->__actions, actions->__count + 1, sizeof action);
  if (!more) return ENOMEM;
  actions->__actions = more;
  if (action.path) {
    action.path = strdup(action.path);
    if (!action.path) return ENOMEM;
    action.path_length = strlen(action.path);
  }
  more[actions->__count++] = action;
  return 0;
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd) {
  if (fd < 0) return EBADF;
  return add(actions, (struct wolffia_spawn_action){.kind = ACTION_CLOSE, .fd = fd});
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int to) {
  if (fd < 0 || to < 0) return EBADF;
  return add(actions, (struct wolffia_spawn_action){.kind = ACTION_DUP2, .fd = to, .source = fd});
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd,
                                     const char *restrict path, int flags, mode_t mode) {
  if (fd < 0) return EBADF;
  int access = flags & O_ACCMODE;
  struct wolffia_spawn_action action = {
      .kind = ACTION_OPEN,
      .fd = fd,
      .path = path,
      .oflags = (flags >> 12 & 0xfff) | (flags & 0xfff) << 16,
      .access = (access == 0 || access & O_RDONLY ? ACCESS_READ : 0) |
                (access & O_WRONLY ? ACCESS_WRITE : 0),
      .mode = mode,
  };
  return add(actions, action);
}

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict actions,
                                         const char *restrict path) {
  return add(actions, (struct wolffia_spawn_action){.kind = ACTION_CHDIR, .path = path});
}

int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *actions, int fd) {
  if (fd < 0) return EBADF;
  return add(actions, (struct wolffia_spawn_action){.kind = ACTION_FCHDIR, .fd = fd});
}
