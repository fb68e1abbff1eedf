// CommonMark to HTML by cmark.
#include <cmark.h>
#include <string.h>

#include "bench.h"

enum { SIZE = 600000, ROUNDS = 56 };
static char words[SIZE], document[2 * SIZE];

// Prose made into headings, lists, emphasis, code and links, line by line.
static size_t write_document(void) {
  fill_text(words, SIZE - 1);
  char *to = document;
  int number = 0;
  for (char *line = strtok(words, "\n"); line; line = strtok(NULL, "\n"), number++) {
    switch (number % 12) {
      case 0: to += sprintf(to, "\n## %s\n\n", line); break;
      case 3: to += sprintf(to, "*%.20s* and **%.30s** `%.20s`\n", line, line + 5, line + 9); break;
      case 5: to += sprintf(to, "[%.12s](https://example.org/%d \"%.8s\") %s\n\n", line, number, line, line); break;
      case 6:
      case 7: to += sprintf(to, "- %s\n", line); break;
      case 8: to += sprintf(to, "  1. %s\n\n", line); break;
      case 9: to += sprintf(to, "> %s\n", line); break;
      case 10: to += sprintf(to, "\n    %s\n\n", line); break;
      default: to += sprintf(to, "%s\n", line);
    }
  }
  return (size_t)(to - document);
}

int main(void) {
  size_t size = write_document();
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    char *html = cmark_markdown_to_html(document, size - (size_t)round, CMARK_OPT_DEFAULT);
    sum = sum * 31 + checksum(html, strlen(html));
    free(html);
  }
  return report(sum);
}
