// Base64 (RFC 4648) there and back.
#include <string.h>

#include "bench.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static signed char values[256];

static size_t encode(const unsigned char *from, size_t size, char *to) {
  char *start = to;
  for (size_t i = 0; i < size; i += 3) {
    uint32_t group = (uint32_t)from[i] << 16;
    if (i + 1 < size) group |= (uint32_t)from[i + 1] << 8;
    if (i + 2 < size) group |= from[i + 2];
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    *to++ = i + 1 < size ? alphabet[group >> 6 & 63] : '=';
    *to++ = i + 2 < size ? alphabet[group & 63] : '=';
  }
  return (size_t)(to - start);
}

static size_t decode(const char *from, size_t size, unsigned char *to) {
  uint32_t group = 0;
  int bits = 0;
  unsigned char *start = to;
  for (size_t i = 0; i < size; i++) {
    int value = values[(unsigned char)from[i]];
    if (value < 0) continue;
    group = group << 6 | (uint32_t)value;
    bits += 6;
    if (bits >= 8) *to++ = (unsigned char)(group >> (bits -= 8));
  }
  return (size_t)(to - start);
}

enum { SIZE = 3 << 20, ROUNDS = 40 };
static unsigned char plain[SIZE + 3];
static char text[SIZE / 3 * 4 + 8];

int main(void) {
  memset(values, -1, sizeof values);
  for (int i = 0; i < 64; i++) values[(unsigned char)alphabet[i]] = (signed char)i;
  for (int i = 0; i < SIZE; i++) plain[i] = (unsigned char)next_random();
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    size_t size = encode(plain, SIZE - (size_t)(round % 3), text);
    size_t back = decode(text, size, plain);
    plain[round] ^= (unsigned char)back;
    sum += size + back;
  }
  return report(sum ^ checksum(plain, SIZE));
}
