// Finite differences in the time domain: an electromagnetic field in the plane.
#include "bench.h"

enum { WIDTH = 500, HEIGHT = 400, STEPS = 800 };
static double ex[WIDTH][HEIGHT], ey[WIDTH][HEIGHT], hz[WIDTH][HEIGHT];

static void step(double source) {
  for (int j = 0; j < HEIGHT; j++) ey[0][j] = source;
  for (int i = 1; i < WIDTH; i++) {
    for (int j = 0; j < HEIGHT; j++) ey[i][j] -= 0.5 * (hz[i][j] - hz[i - 1][j]);
  }
  for (int i = 0; i < WIDTH; i++) {
    for (int j = 1; j < HEIGHT; j++) ex[i][j] -= 0.5 * (hz[i][j] - hz[i][j - 1]);
  }
  for (int i = 0; i < WIDTH - 1; i++) {
    for (int j = 0; j < HEIGHT - 1; j++) {
      hz[i][j] -= 0.7 * (ex[i][j + 1] - ex[i][j] + ey[i + 1][j] - ey[i][j]);
    }
  }
}

int main(void) {
  fill_units(&ex[0][0], WIDTH * HEIGHT);
  fill_units(&ey[0][0], WIDTH * HEIGHT);
  fill_units(&hz[0][0], WIDTH * HEIGHT);
  for (int t = 0; t < STEPS; t++) step(t);
  return report(checksum(hz, sizeof hz));
}
