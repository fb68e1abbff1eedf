// zlib-stream compress|decompress: zlib over a text in memory.
#include <string.h>
#include <zlib.h>

#include "bench.h"

enum { SIZE = 2 << 20 };
static unsigned char text[SIZE], back[SIZE], packed[SIZE];

int main(int argc, char **argv) {
  int compresses = argc < 2 || strcmp(argv[1], "compress") == 0;
  fill_text((char *)text, SIZE);
  uint64_t sum = 0;
  uLongf packed_size = SIZE;
  for (int round = 0; round < (compresses ? 3 : 1); round++) {
    packed_size = SIZE;
    if (compress2(packed, &packed_size, text, SIZE, 6) != Z_OK) return 1;
    sum = sum * 31 + checksum(packed, packed_size);
    text[round] ^= 1;
  }
  for (int round = 0; round < (compresses ? 0 : 60); round++) {
    uLongf size = SIZE;
    if (uncompress(back, &size, packed, packed_size) != Z_OK) return 1;
    sum = sum * 31 + back[round] + size;
  }
  return report(sum ^ checksum(back, SIZE));
}
