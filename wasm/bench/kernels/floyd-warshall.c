// All shortest paths of a dense graph.
#include "bench.h"

enum { N = 800 };
static int32_t path[N][N];

int main(void) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) path[i][j] = i == j ? 0 : (int32_t)(next_random() % 10000 + 1);
  }
  for (int k = 0; k < N; k++) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        int32_t through = path[i][k] + path[k][j];
        if (through < path[i][j]) path[i][j] = through;
      }
    }
  }
  return report(checksum(path, sizeof path));
}
