// Ackermann's function: deep recursion.
#include "bench.h"

__attribute__((noinline)) static uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

int main(int argc, char **argv) {
  (void)argv;
  uint64_t sum = 0;
  for (uint32_t round = 0; round < 40; round++) {
    sum = sum * 31 + ackermann(3, 8 + (round & 1) + (uint32_t)argc - 1);
  }
  return report(sum);
}
