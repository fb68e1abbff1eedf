/* Lines of /etc/passwd and /etc/group: fields between colons. */
#ifndef WOLFFIA_ENTRY_H
#define WOLFFIA_ENTRY_H

#include <stdbool.h>
#include <stdio.h>

/* Cuts a line into as many fields; false when it has fewer. */
bool __wolffia_cut(char *line, char *fields[], int count);
/* A number that is the whole of a field. */
bool __wolffia_number(const char *field, unsigned *number);
/* Reads the next line into a buffer that grows, without its newline; NULL at the end. */
char *__wolffia_line(FILE *file, char **buffer, size_t *capacity);

#endif
