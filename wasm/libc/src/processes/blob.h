/* A list of strings as the kernel takes it: one after the other, each with its NUL. */
#ifndef WOLFFIA_BLOB_H
#define WOLFFIA_BLOB_H

struct blob {
  char *bytes;
  int length;
};

/* -1 with ENOMEM, or E2BIG when it is past what a length can say. The bytes are to be freed. */
int __wolffia_blob(char *const strings[], struct blob *made);

#endif
