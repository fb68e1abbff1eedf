// RNA folding by dynamic programming (Nussinov): integers, branches, triangular loops.
#include "bench.h"

enum { N = 1240 };
static signed char bases[N];
static int32_t table[N][N];

static int larger(int one, int other) { return one > other ? one : other; }

static void fold(void) {
  for (int i = N - 1; i >= 0; i--) {
    for (int j = i + 1; j < N; j++) {
      int best = table[i][j];
      best = larger(best, table[i][j - 1]);
      if (i + 1 < N) {
        best = larger(best, table[i + 1][j]);
        int pair = i < j - 1 && bases[i] + bases[j] == 3;
        best = larger(best, table[i + 1][j - 1] + pair);
      }
      for (int k = i + 1; k < j; k++) best = larger(best, table[i][k] + table[k + 1][j]);
      table[i][j] = best;
    }
  }
}

int main(void) {
  for (int i = 0; i < N; i++) bases[i] = (signed char)(next_random() % 4);
  fold();
  return report(checksum(table, sizeof table));
}
