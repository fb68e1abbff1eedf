// All ways to place queens on a board, by bits.
#include "bench.h"

__attribute__((noinline)) static uint32_t place(uint32_t all, uint32_t columns, uint32_t left,
                                                uint32_t right) {
  if (columns == all) return 1;
  uint32_t count = 0;
  for (uint32_t open = all & ~(columns | left | right); open; open &= open - 1) {
    uint32_t queen = open & -open;
    count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return count;
}

int main(int argc, char **argv) {
  (void)argv;
  uint64_t sum = 0;
  for (int size = 8; size <= 14; size++) sum = sum * 31 + place((1u << (size + argc - 1)) - 1, 0, 0, 0);
  return report(sum);
}
