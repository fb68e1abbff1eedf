// QR decomposition by the modified Gram-Schmidt process, column by column.
#include <math.h>

#include "bench.h"

enum { ROWS = 400, COLUMNS = 360 };
static double A[ROWS][COLUMNS], Q[ROWS][COLUMNS], R[COLUMNS][COLUMNS];

static void orthogonalise(void) {
  for (int k = 0; k < COLUMNS; k++) {
    double norm = 0;
    for (int i = 0; i < ROWS; i++) norm += A[i][k] * A[i][k];
    R[k][k] = sqrt(norm);
    for (int i = 0; i < ROWS; i++) Q[i][k] = A[i][k] / R[k][k];
    for (int j = k + 1; j < COLUMNS; j++) {
      double sum = 0;
      for (int i = 0; i < ROWS; i++) sum += Q[i][k] * A[i][j];
      R[k][j] = sum;
      for (int i = 0; i < ROWS; i++) A[i][j] -= Q[i][k] * sum;
    }
  }
}

int main(void) {
  uint64_t sum = 0;
  for (int round = 0; round < 9; round++) {
    fill_units(&A[0][0], ROWS * COLUMNS);
    orthogonalise();
    sum ^= checksum(R, sizeof R);
  }
  return report(sum);
}
