// quickjs-run FILE: runs a script by the QuickJS library, with print() and nothing else of a host.
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>

static JSValue print(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
  (void)self;
  for (int i = 0; i < count; i++) {
    const char *text = JS_ToCString(context, values[i]);
    if (!text) return JS_EXCEPTION;
    printf(i ? " %s" : "%s", text);
    JS_FreeCString(context, text);
  }
  putchar('\n');
  return JS_UNDEFINED;
}

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  enum { LIMIT = 1 << 20 };
  char *text = malloc(LIMIT + 1);
  *size = fread(text, 1, LIMIT, file);
  text[*size] = 0;
  fclose(file);
  return text;
}

int main(int argc, char **argv) {
  size_t size = 0;
  char *source = argc == 2 ? read_file(argv[1], &size) : NULL;
  if (!source) return 2;
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *context = JS_NewContext(runtime);
  JSValue global = JS_GetGlobalObject(context);
  JS_SetPropertyStr(context, global, "print", JS_NewCFunction(context, print, "print", 1));
  JS_FreeValue(context, global);
  JSValue result = JS_Eval(context, source, size, argv[1], JS_EVAL_TYPE_GLOBAL);
  int failed = JS_IsException(result);
  if (failed) {
    JSValue thrown = JS_GetException(context);
    const char *text = JS_ToCString(context, thrown);
    fprintf(stderr, "%s\n", text ? text : "exception");
    JS_FreeCString(context, text);
    JS_FreeValue(context, thrown);
  }
  JS_FreeValue(context, result);
  JS_FreeContext(context);
  JS_FreeRuntime(runtime);
  free(source);
  return failed;
}
