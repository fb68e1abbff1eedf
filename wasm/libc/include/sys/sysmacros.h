/* Numbers of devices, as Linux packs them. */
#ifndef _SYS_SYSMACROS_H
#define _SYS_SYSMACROS_H

#define major(device) ((unsigned)(((device) >> 8 & 0xfff) | ((device) >> 32 & 0xfffff000)))
#define minor(device) ((unsigned)(((device) & 0xff) | ((device) >> 12 & 0xffffff00)))
#define makedev(major, minor)                                                                  \
  (((major) & 0xfffff000ULL) << 32 | ((major) & 0xfffULL) << 8 | ((minor) & 0xffffff00ULL) << 12 | \
   ((minor) & 0xffULL))

#endif
