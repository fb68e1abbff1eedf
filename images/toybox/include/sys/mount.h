/* toybox asks for Linux's mount(2). Programs in a container mount nothing. */
#ifndef SYS_MOUNT_H
#define SYS_MOUNT_H

#include <errno.h>
#include <stddef.h>

/* For requests and errors of block devices, of which there are none. */
#define BLKGETSIZE64 0x80081272
#define BLKROSET 0x125D
#define ENOTBLK ENODEV

#define MS_RDONLY 1
#define MS_NOSUID 2
#define MS_NODEV 4
#define MS_NOEXEC 8
#define MS_SYNCHRONOUS 16
#define MS_REMOUNT 32
#define MS_MANDLOCK 64
#define MS_DIRSYNC 128
#define MS_NOATIME 1024
#define MS_NODIRATIME 2048
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_REC 16384
#define MS_SILENT 32768
#define MS_UNBINDABLE (1 << 17)
#define MS_PRIVATE (1 << 18)
#define MS_SLAVE (1 << 19)
#define MS_SHARED (1 << 20)
#define MS_RELATIME (1 << 21)
#define MS_STRICTATIME (1 << 24)
#define MS_LAZYTIME (1 << 25)

#define MNT_FORCE 1
#define MNT_DETACH 2

static inline int mount(const char *source, const char *target, const char *type,
                        unsigned long flags, const void *data) {
  (void)source, (void)target, (void)type, (void)flags, (void)data;
  errno = EPERM;
  return -1;
}

static inline int umount2(const char *target, int flags) {
  (void)target, (void)flags;
  errno = EPERM;
  return -1;
}

#endif
