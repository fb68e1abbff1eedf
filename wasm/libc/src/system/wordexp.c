/* wordexp(3) by the shell, which knows how: it prints every word behind a NUL. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <spawn.h>
#include <wordexp.h>

enum { MARK = 1 };

/*
 * Whether a word has, outside quotes, what must be quoted; or a command, where that is not wanted.
 */
static int check(const char *text, int flags) {
  char quote = 0;
  for (; *text; text++) {
    if (*text == '\\' && quote != '\'' && text[1]) {
      text++;
    } else if (*text == '\'' || *text == '"') {
      if (!quote) quote = *text;
      else if (quote == *text) quote = 0;
    } else if (!quote && strchr("|&;<>(){}\n", *text)) {
      return WRDE_BADCHAR;
    } else if (quote != '\'' && flags & WRDE_NOCMD &&
               (*text == '`' || (*text == '$' && text[1] == '('))) {
      return WRDE_CMDSUB;
    } else if (quote != '\'' && text[0] == '$' && (text[1] == '{' || text[1] == '(')) {
      char closing = text[1] == '{' ? '}' : ')';
      const char *end = strchr(text, closing);
      if (!end) return WRDE_SYNTAX;
      text = end;
    }
  }
  return quote ? WRDE_SYNTAX : 0;
}

/*
 * Runs the shell; its output, ended by a NUL, is to be freed. The first byte is there when the
 * words were right.
 */
static char *expand(const char *text, int flags, size_t *length) {
  char *script;
  const char *quiet = flags & WRDE_SHOWERR ? "" : "exec 2>/dev/null; ";
  const char *strict = flags & WRDE_UNDEF ? "set -u; " : "";
  if (asprintf(&script, "%s%sset -- %s\nprintf '\\001'; for w; do printf '%%s\\0' \"$w\"; done",
               quiet, strict, text) < 0) {
    return NULL;
  }
  FILE *shell = popen(script, "re");
  free(script);
  if (!shell) return NULL;
  char *output = NULL;
  size_t capacity = 0;
  FILE *collected = open_memstream(&output, &capacity);
  for (int byte; collected && (byte = getc(shell)) != EOF;) putc(byte, collected);
  if (collected) fclose(collected);
  pclose(shell);
  *length = capacity;
  return output;
}

static int append(wordexp_t *words, const char *word) {
  size_t start = words->we_offs + words->we_wordc;
  char **more = reallocarray(words->we_wordv, start + 2, sizeof *more);
  if (!more) return WRDE_NOSPACE;
  words->we_wordv = more;
  more[start] = strdup(word);
  if (!more[start]) return WRDE_NOSPACE;
  more[start + 1] = NULL;
  words->we_wordc++;
  return 0;
}

static int begin(wordexp_t *words, int flags) {
  if (flags & WRDE_REUSE) wordfree(words);
  if (flags & WRDE_APPEND) return 0;
  if (!(flags & WRDE_DOOFFS)) words->we_offs = 0;
  words->we_wordc = 0;
  words->we_wordv = calloc(words->we_offs + 1, sizeof *words->we_wordv);
  return words->we_wordv ? 0 : WRDE_NOSPACE;
}

int wordexp(const char *restrict text, wordexp_t *restrict words, int flags) {
  int wrong = check(text, flags);
  if (!wrong) wrong = begin(words, flags);
  if (wrong) return wrong;
  size_t length;
  char *output = expand(text, flags, &length);
  if (!output) return WRDE_NOSPACE;
  if (length == 0 || *output != MARK) {
    wrong = flags & WRDE_UNDEF ? WRDE_BADVAL : WRDE_SYNTAX;
  }
  for (char *word = output + 1; !wrong && word < output + length; word += strlen(word) + 1) {
    wrong = append(words, word);
  }
  free(output);
  return wrong;
}

void wordfree(wordexp_t *words) {
  for (size_t i = 0; words->we_wordv && i < words->we_wordc; i++) {
    free(words->we_wordv[words->we_offs + i]);
  }
  free(words->we_wordv);
  words->we_wordv = NULL;
  words->we_wordc = 0;
}
