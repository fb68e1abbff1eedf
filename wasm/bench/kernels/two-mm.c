// D = A·B·C by dot products: the inner loop walks a column.
#include "bench.h"

enum { N = 360 };
static double A[N][N], B[N][N], C[N][N], P[N][N], D[N][N];

static void multiply(double (*result)[N], double (*left)[N], double (*right)[N]) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int k = 0; k < N; k++) sum += left[i][k] * right[k][j];
      result[i][j] = sum;
    }
  }
}

int main(void) {
  fill_units(&A[0][0], N * N);
  fill_units(&B[0][0], N * N);
  fill_units(&C[0][0], N * N);
  for (int round = 0; round < 6; round++) {
    multiply(P, A, B);
    multiply(D, P, C);
    A[0][round] += 1e-3 * D[N - 1][round];
  }
  return report(checksum(D, sizeof D));
}
