// bzip2-stream compress|decompress: libbzip2 over a text in memory.
#include <bzlib.h>
#include <string.h>

#include "bench.h"

enum { SIZE = 1 << 20 };
static char text[SIZE], back[SIZE], packed[SIZE];

void bz_internal_error(int code) { exit(code); }

int main(int argc, char **argv) {
  int compresses = argc < 2 || strcmp(argv[1], "compress") == 0;
  fill_text(text, SIZE);
  uint64_t sum = 0;
  unsigned packed_size = SIZE;
  for (int round = 0; round < (compresses ? 3 : 1); round++) {
    packed_size = SIZE;
    if (BZ2_bzBuffToBuffCompress(packed, &packed_size, text, SIZE, 9, 0, 0) != BZ_OK) return 1;
    sum = sum * 31 + checksum(packed, packed_size);
    text[round] ^= 1;
  }
  for (int round = 0; round < (compresses ? 0 : 8); round++) {
    unsigned size = SIZE;
    if (BZ2_bzBuffToBuffDecompress(back, &size, packed, packed_size, 0, 0) != BZ_OK) return 1;
    sum = sum * 31 + (unsigned char)back[round] + size;
  }
  return report(sum ^ checksum(back, SIZE));
}
