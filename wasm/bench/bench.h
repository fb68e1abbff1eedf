// What the programs of the metering benchmark share: numbers that look random and are always the
// same, and a checksum over results, by which a run is compared with another.
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t bench_state = 0x9e3779b9u;

// Marsaglia's xorshift32.
static inline uint32_t next_random(void) {
  bench_state ^= bench_state << 13;
  bench_state ^= bench_state >> 17;
  bench_state ^= bench_state << 5;
  return bench_state;
}

// In [0, 1).
static inline double next_unit(void) { return next_random() * (1.0 / 4294967296.0); }

static inline void fill_units(double *target, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] = next_unit();
}

// FNV-1a.
static inline uint64_t checksum(const void *data, size_t size) {
  const unsigned char *bytes = data;
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

static inline int report(uint64_t result) {
  printf("%016llx\n", (unsigned long long)result);
  return 0;
}

// Text with the redundancy of prose: words of a small vocabulary, in lines.
static inline void fill_text(char *target, size_t size) {
  static const char *const words[] = {"the",  "duckweed", "floats", "on",     "still", "water",
                                      "and",  "grows",    "where",  "nobody", "looks", "for",
                                      "root", "leaf",     "pond",   "smallest"};
  size_t at = 0, column = 0;
  while (at < size) {
    const char *word = words[next_random() >> 28];
    while (*word && at < size) target[at++] = *word++, column++;
    if (at < size && next_random() >> 27 == 0) target[at++] = (char)('0' + next_random() % 10);
    if (at < size) target[at++] = column > 72 ? '\n' : ' ';
    if (column > 72) column = 0;
  }
}

#endif
