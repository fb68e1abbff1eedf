// The correlation matrix of some variables over many observations.
#include <math.h>

#include "bench.h"

enum { OBSERVATIONS = 700, VARIABLES = 500 };
static double data[OBSERVATIONS][VARIABLES], result[VARIABLES][VARIABLES];
static double mean[VARIABLES], deviation[VARIABLES];

static void normalise(void) {
  for (int j = 0; j < VARIABLES; j++) {
    double sum = 0, squares = 0;
    for (int i = 0; i < OBSERVATIONS; i++) sum += data[i][j];
    mean[j] = sum / OBSERVATIONS;
    for (int i = 0; i < OBSERVATIONS; i++) {
      double off = data[i][j] - mean[j];
      squares += off * off;
    }
    deviation[j] = sqrt(squares / OBSERVATIONS);
    if (deviation[j] < 1e-9) deviation[j] = 1;
  }
  for (int i = 0; i < OBSERVATIONS; i++) {
    for (int j = 0; j < VARIABLES; j++) {
      data[i][j] = (data[i][j] - mean[j]) / (sqrt(OBSERVATIONS) * deviation[j]);
    }
  }
}

static void correlate(void) {
  for (int one = 0; one < VARIABLES; one++) {
    result[one][one] = 1;
    for (int other = one + 1; other < VARIABLES; other++) {
      double sum = 0;
      for (int i = 0; i < OBSERVATIONS; i++) sum += data[i][one] * data[i][other];
      result[one][other] = result[other][one] = sum;
    }
  }
}

int main(void) {
  for (int round = 0; round < 3; round++) {
    fill_units(&data[0][0], OBSERVATIONS * VARIABLES);
    normalise();
    correlate();
  }
  return report(checksum(result, sizeof result));
}
