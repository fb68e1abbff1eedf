// The sieve of Eratosthenes: tight loops of one store.
#include "bench.h"

enum { LIMIT = 2000000, ROUNDS = 130 };
static unsigned char composite[LIMIT + 1];

int main(void) {
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i <= LIMIT; i++) composite[i] = 0;
    for (int i = 2; i * i <= LIMIT; i++) {
      if (composite[i]) continue;
      for (int multiple = i * i; multiple <= LIMIT; multiple += i) composite[multiple] = 1;
    }
    for (int i = 2 + round; i <= LIMIT; i++) sum += composite[i] ? 0 : (uint64_t)i;
  }
  return report(sum);
}
