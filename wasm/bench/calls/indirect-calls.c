// Calls through a table of functions, the next one chosen by the last one's result.
#include "bench.h"

typedef uint32_t operation(uint32_t accumulator, uint32_t operand);

static uint32_t add(uint32_t a, uint32_t b) { return a + b; }
static uint32_t subtract(uint32_t a, uint32_t b) { return a - b; }
static uint32_t multiply(uint32_t a, uint32_t b) { return a * (b | 1); }
static uint32_t rotate(uint32_t a, uint32_t b) { return a << (b & 31) | a >> (-b & 31); }
static uint32_t mix(uint32_t a, uint32_t b) { return (a ^ b) * 0x85ebca6bu; }
static uint32_t fold(uint32_t a, uint32_t b) { return (a ^ (a >> 16)) + b; }
static uint32_t invert(uint32_t a, uint32_t b) { return ~a ^ b; }
static uint32_t count(uint32_t a, uint32_t b) { return a + (uint32_t)__builtin_popcount(b); }

static operation *const operations[8] = {add, subtract, multiply, rotate, mix, fold, invert, count};

int main(void) {
  uint32_t accumulator = 1;
  for (uint32_t i = 0; i < 60000000; i++) {
    accumulator = operations[(accumulator >> 7) & 7](accumulator, i);
  }
  return report(accumulator);
}
