// Nine-point stencil in place: each result depends on the one before.
#include "bench.h"

enum { N = 400, STEPS = 260 };
static double A[N][N];

int main(void) {
  fill_units(&A[0][0], N * N);
  for (int t = 0; t < STEPS; t++) {
    for (int i = 1; i < N - 1; i++) {
      for (int j = 1; j < N - 1; j++) {
        A[i][j] = (A[i - 1][j - 1] + A[i - 1][j] + A[i - 1][j + 1] + A[i][j - 1] + A[i][j] +
                   A[i][j + 1] + A[i + 1][j - 1] + A[i + 1][j] + A[i + 1][j + 1]) /
                  9.0;
      }
    }
  }
  return report(checksum(A, sizeof A));
}
