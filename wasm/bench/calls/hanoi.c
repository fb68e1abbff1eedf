// The towers of Hanoi, with the discs really moved.
#include "bench.h"

enum { DISCS = 22 };
static struct {
  int height;
  int discs[DISCS];
} pegs[3];
static uint32_t moves;

static void move_disc(int from, int to) {
  int disc = pegs[from].discs[--pegs[from].height];
  pegs[to].discs[pegs[to].height++] = disc;
  moves = moves * 3 + (uint32_t)(disc ^ to);
}

__attribute__((noinline)) static void move_tower(int height, int from, int over, int to) {
  if (height == 0) return;
  move_tower(height - 1, from, to, over);
  move_disc(from, to);
  move_tower(height - 1, over, from, to);
}

int main(void) {
  for (int disc = DISCS; disc > 0; disc--) pegs[0].discs[pegs[0].height++] = disc;
  // From where the tower stands to the peg before it.
  for (int round = 0; round < 24; round++) {
    int from = 2 * round % 3;
    move_tower(DISCS, from, (from + 1) % 3, (from + 2) % 3);
  }
  return report(moves);
}
