// C = alpha·A·B + beta·C
#include "bench.h"

enum { N = 420 };
static double A[N][N], B[N][N], C[N][N];

static void gemm(double alpha, double beta) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) C[i][j] *= beta;
    for (int k = 0; k < N; k++) {
      for (int j = 0; j < N; j++) C[i][j] += alpha * A[i][k] * B[k][j];
    }
  }
}

int main(void) {
  fill_units(&A[0][0], N * N);
  fill_units(&B[0][0], N * N);
  fill_units(&C[0][0], N * N);
  for (int round = 0; round < 12; round++) gemm(1.25, 0.5);
  return report(checksum(C, sizeof C));
}
