// Takeuchi's function: recursion with three arguments.
#include "bench.h"

__attribute__((noinline)) static int tak(int x, int y, int z) {
  if (y >= x) return z;
  return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

int main(void) {
  uint64_t sum = 0;
  for (int round = 0; round < 5000; round++) {
    sum = sum * 7 + (uint64_t)tak(18 + (int)(sum & 1), 12, 6);
  }
  return report(sum);
}
