/* toybox asks for Linux's personality(2), for a uname of 32 bits: which this one is. */
#ifndef SYS_PERSONALITY_H
#define SYS_PERSONALITY_H

#define PER_LINUX32 8

static inline int personality(unsigned long persona) {
  (void)persona;
  return 0;
}

#endif
