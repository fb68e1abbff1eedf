// Fibonacci numbers by double recursion.
#include "bench.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv) {
  (void)argv;
  return report(fib(42 + (uint32_t)argc - 1));
}
