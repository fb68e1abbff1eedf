/* sigsetjmp's mask, in the room that musl's jmp_buf has for it. */
#include <setjmp.h>
#include <signal.h>
#include <string.h>

void __wolffia_save_mask(sigjmp_buf environment, int save) {
  environment->__fl = save != 0;
  if (!save) return;
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  memcpy(environment->__ss, &mask, sizeof mask);
}

_Noreturn void siglongjmp(sigjmp_buf environment, int value) {
  if (environment->__fl) {
    sigset_t mask;
    memcpy(&mask, environment->__ss, sizeof mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
  }
  longjmp(environment, value);
}
