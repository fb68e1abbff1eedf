/*
 * What starting and connecting processes costs: prints nanoseconds, or bytes a second.
 *
 *     processes spawn COUNT     posix_spawn of itself, which does nothing, and waiting for it
 *     processes fork COUNT      fork, and waiting for the child, which does nothing
 *     processes pipe BYTES      through a pipe to a child, in pieces of 64 KiB
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char block[65536];

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static int spawn_many(char *self, long count) {
    char *arguments[] = {self, NULL};
    double start = seconds();
    for (long done = 0; done < count; done++) {
        pid_t pid;
        if (posix_spawn(&pid, self, NULL, NULL, arguments, environ) != 0) return 1;
        waitpid(pid, NULL, 0);
    }
    printf("%.0f\n", (seconds() - start) / count * 1e9);
    return 0;
}

static int fork_many(long count) {
    double start = seconds();
    for (long done = 0; done < count; done++) {
        pid_t pid = fork();
        if (pid == 0) _exit(0);
        if (pid < 0) return 1;
        waitpid(pid, NULL, 0);
    }
    printf("%.0f\n", (seconds() - start) / count * 1e9);
    return 0;
}

static int pipe_through(long bytes) {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    double start = seconds();
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        while (read(ends[0], block, sizeof block) > 0) continue;
        _exit(0);
    }
    close(ends[0]);
    for (long sent = 0; sent < bytes;) {
        long count = write(ends[1], block, sizeof block);
        if (count <= 0) return 1;
        sent += count;
    }
    close(ends[1]);
    waitpid(pid, NULL, 0);
    printf("%.0f\n", bytes / (seconds() - start));
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3) return 0;
    long count = atol(argv[2]);
    if (strcmp(argv[1], "spawn") == 0) return spawn_many(argv[0], count);
    if (strcmp(argv[1], "fork") == 0) return fork_many(count);
    return pipe_through(count);
}
