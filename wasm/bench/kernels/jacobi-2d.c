// Five-point stencil from one grid into another, and back.
#include "bench.h"

enum { N = 500, STEPS = 900 };
static double A[N][N], B[N][N];

static void step(double (*from)[N], double (*to)[N]) {
  for (int i = 1; i < N - 1; i++) {
    for (int j = 1; j < N - 1; j++) {
      to[i][j] = 0.2 * (from[i][j] + from[i][j - 1] + from[i][j + 1] + from[i + 1][j] + from[i - 1][j]);
    }
  }
}

int main(void) {
  fill_units(&A[0][0], N * N);
  for (int t = 0; t < STEPS; t++) {
    step(A, B);
    step(B, A);
  }
  return report(checksum(A, sizeof A));
}
