// Parses a JSON document (RFC 8259) into a tree, walks it and frees it.
#include <string.h>

#include "bench.h"

enum kind { NOTHING, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT };
struct value {
  enum kind kind;
  double number;
  char *text; // of a string
  char *key;  // in an object
  struct value *children, *next;
};

static const char *at;

static void fail(void) {
  fprintf(stderr, "malformed at %.20s\n", at);
  exit(1);
}

static void skip_space(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}

static char *parse_string(void) {
  const char *end = ++at;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  char *text = malloc((size_t)(end - at) + 1), *to = text;
  while (*at != '"') {
    if (*at != '\\') {
      *to++ = *at++;
      continue;
    }
    switch (at[1]) {
      case 'n': *to++ = '\n'; break;
      case 't': *to++ = '\t'; break;
      case 'u': *to++ = (char)strtol((char[]){at[4], at[5], 0}, NULL, 16), at += 4; break;
      default: *to++ = at[1];
    }
    at += 2;
  }
  at++;
  *to = 0;
  return text;
}

static double parse_number(void) {
  double sign = 1, value = 0, scale = 1;
  if (*at == '-') sign = -1, at++;
  while (*at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
  if (*at == '.') {
    for (at++; *at >= '0' && *at <= '9'; at++) value += (*at - '0') * (scale /= 10);
  }
  return sign * value;
}

static struct value *parse_value(void);

static struct value *parse_children(char closer) {
  struct value *first = NULL, **last = &first;
  at++;
  for (skip_space(); *at != closer; skip_space()) {
    char *key = NULL;
    if (closer == '}') {
      if (*at != '"') fail();
      key = parse_string();
      skip_space();
      if (*at++ != ':') fail();
    }
    *last = parse_value();
    (*last)->key = key;
    last = &(*last)->next;
    skip_space();
    if (*at == ',') at++;
    else if (*at != closer) fail();
  }
  at++;
  return first;
}

static struct value *parse_value(void) {
  struct value *made = calloc(1, sizeof *made);
  skip_space();
  switch (*at) {
    case '{': made->kind = OBJECT, made->children = parse_children('}'); break;
    case '[': made->kind = ARRAY, made->children = parse_children(']'); break;
    case '"': made->kind = STRING, made->text = parse_string(); break;
    case 't': made->kind = BOOLEAN, made->number = 1, at += 4; break;
    case 'f': made->kind = BOOLEAN, at += 5; break;
    case 'n': made->kind = NOTHING, at += 4; break;
    default:
      if (*at != '-' && (*at < '0' || *at > '9')) fail();
      made->kind = NUMBER, made->number = parse_number();
  }
  return made;
}

static uint64_t digest(const struct value *value) {
  uint64_t sum = value->kind + (uint64_t)(int64_t)(value->number * 16);
  if (value->key) sum ^= checksum(value->key, strlen(value->key));
  if (value->text) sum ^= checksum(value->text, strlen(value->text));
  for (const struct value *child = value->children; child; child = child->next) {
    sum = sum * 31 + digest(child);
  }
  return sum;
}

static void dispose(struct value *value) {
  while (value) {
    struct value *next = value->next;
    dispose(value->children);
    free(value->text);
    free(value->key);
    free(value);
    value = next;
  }
}

enum { RECORDS = 8000, ROUNDS = 45 };
static char document[RECORDS * 256];

int main(void) {
  char *to = document;
  *to++ = '[';
  for (int i = 0; i < RECORDS; i++) {
    to += sprintf(to,
                  "%s{\"id\": %d, \"name\": \"pond \\u00%02x\\n%u\", \"depth\": -%u.%u, \"open\": %s,\n"
                  "  \"leaves\": [%u, %u, %u, null], \"place\": {\"x\": %u, \"y\": %u}}",
                  i ? ",\n" : "", i, 48 + i % 64, next_random(), next_random() % 100,
                  next_random() % 1000, i & 1 ? "true" : "false", next_random() % 10,
                  next_random() % 1000, next_random(), next_random() % 640, next_random() % 480);
  }
  *to++ = ']';
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    at = document;
    struct value *root = parse_value();
    sum = sum * 3 + digest(root);
    dispose(root);
  }
  return report(sum);
}
