// Cholesky decomposition of a symmetric matrix whose diagonal dominates.
#include <math.h>

#include "bench.h"

enum { N = 760 };
static double A[N][N];

static void decompose(void) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < i; j++) {
      double value = A[i][j];
      for (int k = 0; k < j; k++) value -= A[i][k] * A[j][k];
      A[i][j] = value / A[j][j];
    }
    double square = A[i][i];
    for (int k = 0; k < i; k++) square -= A[i][k] * A[i][k];
    A[i][i] = sqrt(square);
  }
}

int main(void) {
  uint64_t sum = 0;
  for (int round = 0; round < 7; round++) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j <= i; j++) A[i][j] = A[j][i] = next_unit();
      A[i][i] += N;
    }
    decompose();
    sum ^= checksum(A, sizeof A);
  }
  return report(sum);
}
