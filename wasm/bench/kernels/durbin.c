// Levinson-Durbin recursion for a Toeplitz system: short inner loops, run from both ends.
#include "bench.h"

enum { N = 2000, ROUNDS = 150 };
static double r[N], y[N], z[N];

static void solve(void) {
  y[0] = -r[0];
  double alpha = -r[0], beta = 1;
  for (int k = 1; k < N; k++) {
    beta = (1 - alpha * alpha) * beta;
    double sum = 0;
    for (int i = 0; i < k; i++) sum += r[k - i - 1] * y[i];
    alpha = -(r[k] + sum) / beta;
    for (int i = 0; i < k; i++) z[i] = y[i] + alpha * y[k - i - 1];
    for (int i = 0; i < k; i++) y[i] = z[i];
    y[k] = alpha;
  }
}

int main(void) {
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < N; i++) r[i] = next_unit() / (i + 2);
    solve();
    sum ^= checksum(y, sizeof y);
  }
  return report(sum);
}
