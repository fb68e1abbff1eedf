/*
 * cc and c++: what a compiler's driver does, for a clang that cannot start its linker. Sources are compiled by one
 * process each, and linked by another. Where nothing is to be linked, clang does it all.
 */
#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flags.h" /* COMPILE_FLAGS, LINK_BEFORE, LINK_AFTER: lists of strings, by the image's recipe */

#define MAX_TEMPORARY_PATH 64

extern char **environ;

/* An argument list that grows; it ends with NULL. */
struct list {
  char **items;
  int count;
};

static void add(struct list *list, char *item) {
  list->items = realloc(list->items, (list->count + 2) * sizeof *list->items);
  if (!list->items) {
    fputs("cc: out of memory\n", stderr);
    exit(1);
  }
  list->items[list->count++] = item;
  list->items[list->count] = NULL;
}

static void add_all(struct list *list, const struct list *more) {
  for (int index = 0; index < more->count; index++) add(list, more->items[index]);
}

static void add_constants(struct list *list, const char *const *items) {
  for (; *items; items++) add(list, (char *)*items);
}

static bool is_one_of(const char *item, const char *const *items) {
  for (; *items; items++)
    if (!strcmp(item, *items)) return true;
  return false;
}

static bool starts_with(const char *text, const char *prefix) {
  return !strncmp(text, prefix, strlen(prefix));
}

static bool ends_with_any(const char *text, const char *const *suffixes) {
  const char *suffix = strrchr(text, '.');
  return suffix && is_one_of(suffix, suffixes);
}

/* Runs a program; answers its exit code, as a shell has it. */
static int run(char *const *arguments) {
  pid_t pid;
  int error = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ);
  if (error) {
    fprintf(stderr, "cc: cannot run %s: %s\n", arguments[0], strerror(error));
    return error == ENOENT ? 127 : 126;
  }
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *const COMPILE[] = {COMPILE_FLAGS, NULL};
static const char *const LINK_FIRST[] = {LINK_BEFORE, NULL};
static const char *const LINK_LAST[] = {LINK_AFTER, NULL};
static const char *const LINK_CPP[] = {"-lc++", "-lc++abi", NULL};

static const char *const SOURCES[] = {".c", ".i", ".cc", ".cpp", ".cxx", ".C", ".ii", ".s", ".S", NULL};
static const char *const CPP_SOURCES[] = {".cc", ".cpp", ".cxx", ".C", ".ii", NULL};
/* What clang does to its end. */
static const char *const ALONE[] = {"-c",       "-S",        "-E",           "-M",    "-MM",
                                    "-###",     "--help",    "-dumpmachine", "-dumpversion",
                                    "--version", "-fsyntax-only", NULL};
/* Options whose value is the next argument. */
static const char *const WITH_VALUE[] = {"-I",       "-D",      "-U",       "-include", "-isystem", "-x",
                                         "-MF",      "-MT",     "-MQ",      "-idirafter", "-iquote",
                                         "-imacros", "-target", "-mllvm",   "-Xclang",  NULL};
/* Of other linkers: there is nothing to choose here. */
static const char *const IGNORED[] = {"-static", "-pthread", "-rdynamic", "-no-pie", "-pie", "-fuse-ld=lld", NULL};

/* libc++ is built without. */
static char NO_EXCEPTIONS[] = "-fno-exceptions";

struct job {
  struct list flags, sources, inputs; /* inputs: objects and libraries in their order, NULL where a source stands */
  char *output;
  bool is_cpp, keeps_names;
};

/* -Wl,a,b are a and b. */
static void add_linker_options(struct list *inputs, char *text) {
  for (char *option = strtok(text, ","); option; option = strtok(NULL, ",")) add(inputs, option);
}

static void read_arguments(struct job *job, int count, char **arguments) {
  for (int index = 1; index < count; index++) {
    char *item = arguments[index];
    if (!strcmp(item, "-o") && index + 1 < count) {
      job->output = arguments[++index];
    } else if (starts_with(item, "-o")) {
      job->output = item + 2;
    } else if ((!strcmp(item, "-l") || !strcmp(item, "-L") || !strcmp(item, "-Xlinker")) && index + 1 < count) {
      if (strcmp(item, "-Xlinker")) add(&job->inputs, item);
      add(&job->inputs, arguments[++index]);
    } else if (!strcmp(item, "-lm") || !strcmp(item, "-lpthread") || is_one_of(item, IGNORED)) {
      continue;
    } else if (starts_with(item, "-l") || starts_with(item, "-L")) {
      add(&job->inputs, item);
    } else if (starts_with(item, "-Wl,")) {
      add_linker_options(&job->inputs, item + 4);
    } else if (!strcmp(item, "-s")) {
      job->keeps_names = false;
    } else if (is_one_of(item, WITH_VALUE) && index + 1 < count) {
      add(&job->flags, item);
      add(&job->flags, arguments[++index]);
    } else if (item[0] == '-' && item[1]) {
      add(&job->flags, item);
    } else if (ends_with_any(item, SOURCES)) {
      job->is_cpp |= ends_with_any(item, CPP_SOURCES);
      add(&job->sources, item);
      add(&job->inputs, NULL);
    } else {
      add(&job->inputs, item);
    }
  }
}

/* Compiles one source; answers the exit code. */
static int compile(const struct job *job, char *compiler, char *source, char *object) {
  struct list arguments = {0};
  add(&arguments, compiler);
  add_constants(&arguments, COMPILE);
  if (ends_with_any(source, CPP_SOURCES)) add(&arguments, NO_EXCEPTIONS);
  add_all(&arguments, &job->flags);
  add(&arguments, "-c");
  add(&arguments, source);
  add(&arguments, "-o");
  add(&arguments, object);
  return run(arguments.items);
}

static int link_objects(const struct job *job, char **objects) {
  struct list arguments = {0};
  add(&arguments, "wasm-ld");
  add_constants(&arguments, LINK_FIRST);
  int next = 0;
  for (int index = 0; index < job->inputs.count; index++) {
    char *input = job->inputs.items[index];
    add(&arguments, input ? input : objects[next++]);
  }
  if (job->is_cpp) add_constants(&arguments, LINK_CPP);
  add_constants(&arguments, LINK_LAST);
  if (!job->keeps_names) add(&arguments, "--strip-all");
  add(&arguments, "-o");
  add(&arguments, job->output);
  return run(arguments.items);
}

static int make_executable(const char *path) {
  mode_t mask = umask(0);
  umask(mask);
  return chmod(path, 0777 & ~mask);
}

/* Everything is passed on to clang, in place of this process. */
static int compile_alone(char *compiler, int count, char **given) {
  struct list arguments = {0};
  add(&arguments, compiler);
  add_constants(&arguments, COMPILE);
  if (!strcmp(compiler, "clang++")) add(&arguments, NO_EXCEPTIONS);
  for (int index = 1; index < count; index++) add(&arguments, given[index]);
  execvp(compiler, arguments.items);
  fprintf(stderr, "cc: cannot run %s: %s\n", compiler, strerror(errno));
  return 127;
}

int main(int count, char **arguments) {
  const char *name = strrchr(arguments[0], '/');
  name = name ? name + 1 : arguments[0];
  struct job job = {.output = "a.out", .is_cpp = strstr(name, "++") != NULL, .keeps_names = true};
  char *compiler = job.is_cpp ? "clang++" : "clang";
  for (int index = 1; index < count; index++)
    if (is_one_of(arguments[index], ALONE)) return compile_alone(compiler, count, arguments);
  read_arguments(&job, count, arguments);
  if (job.inputs.count == 0) {
    fputs("cc: no input files\n", stderr);
    return 1;
  }

  int code = 0;
  char(*paths)[MAX_TEMPORARY_PATH] = calloc(job.sources.count + 1, sizeof *paths);
  char **objects = calloc(job.sources.count + 1, sizeof *objects);
  if (!paths || !objects) return 1;
  for (int index = 0; index < job.sources.count && code == 0; index++) {
    snprintf(paths[index], sizeof *paths, "/tmp/cc-%d-%d.o", getpid(), index);
    objects[index] = paths[index];
    code = compile(&job, compiler, job.sources.items[index], paths[index]);
  }
  if (code == 0) code = link_objects(&job, objects);
  /* What the linker was made for knows no modes. */
  if (code == 0 && make_executable(job.output) < 0) {
    fprintf(stderr, "cc: cannot make %s executable: %s\n", job.output, strerror(errno));
    code = 1;
  }
  for (int index = 0; index < job.sources.count; index++)
    if (objects[index]) unlink(objects[index]);
  return code;
}
