#include <stdio.h>

int main(void) {
  puts("\n"
       "Hello from Wolffia!\n"
       "This message shows that your installation works.\n"
       "\n"
       "What happened:\n"
       " 1. The wolffia command asked the daemon, which it started when none was running.\n"
       " 2. The daemon built the image \"hello-world\" from its C source, unless it was there.\n"
       " 3. It made a container of the image and started it in a cell, without root and without a VM.\n"
       " 4. The program wrote this, and the daemon passed it on to your terminal.\n"
       "\n"
       "Try something more ambitious:\n"
       " $ wolffia run -it --rm python -c 'print(sum(range(1000)))'\n");
  return 0;
}
