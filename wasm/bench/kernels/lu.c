// LU decomposition in place, without pivoting, of a matrix whose diagonal dominates.
#include "bench.h"

enum { N = 600 };
static double A[N][N];

static void decompose(void) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < i; j++) {
      double value = A[i][j];
      for (int k = 0; k < j; k++) value -= A[i][k] * A[k][j];
      A[i][j] = value / A[j][j];
    }
    for (int j = i; j < N; j++) {
      double value = A[i][j];
      for (int k = 0; k < i; k++) value -= A[i][k] * A[k][j];
      A[i][j] = value;
    }
  }
}

int main(void) {
  uint64_t sum = 0;
  for (int round = 0; round < 7; round++) {
    fill_units(&A[0][0], N * N);
    for (int i = 0; i < N; i++) A[i][i] += N;
    decompose();
    sum ^= checksum(A, sizeof A);
  }
  return report(sum);
}
