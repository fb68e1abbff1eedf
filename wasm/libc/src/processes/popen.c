/* popen(3): a command at the other end of a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct command {
  FILE *file;
  pid_t pid;
  struct command *next;
};

static struct command *commands;

/*
 * Starts the command with `end` as its descriptor `as`, and without the ends that earlier ones are
 * read or written by.
 */
static int start(const char *command, int end, int as, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  int error = 0;
  for (struct command *one = commands; one && !error; one = one->next) {
    error = posix_spawn_file_actions_addclose(&actions, fileno(one->file));
  }
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, end, as);
  char *arguments[] = {"sh", "-c", (char *)command, NULL};
  if (!error) error = posix_spawn(pid, "/bin/sh", &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

FILE *popen(const char *command, const char *mode) {
  int reads = *mode == 'r';
  if (!reads && *mode != 'w') {
    errno = EINVAL;
    return NULL;
  }
  struct command *made = malloc(sizeof *made);
  int ends[2];
  if (!made || pipe2(ends, O_CLOEXEC) < 0) {
    free(made);
    return NULL;
  }
  int ours = ends[!reads], theirs = ends[reads];
  made->file = fdopen(ours, reads ? "r" : "w");
  int error = made->file ? start(command, theirs, reads, &made->pid) : errno;
  close(theirs);
  if (error) {
    if (made->file) fclose(made->file);
    else close(ours);
    free(made);
    errno = error;
    return NULL;
  }
  if (!strchr(mode, 'e')) fcntl(ours, F_SETFD, 0);
  made->next = commands;
  commands = made;
  return made->file;
}

int pclose(FILE *file) {
  struct command **link = &commands;
  while (*link && (*link)->file != file) link = &(*link)->next;
  struct command *command = *link;
  if (!command) {
    errno = ECHILD;
    return -1;
  }
  *link = command->next;
  pid_t pid = command->pid;
  free(command);
  fclose(file);
  int status;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}
