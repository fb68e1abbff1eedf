/* sysinfo(2), out of /proc; wasi-libc declares it. */
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "../result.h"

enum { KIB = 1024 };

/* The number behind a word of /proc/meminfo, in KiB; 0 when it is not there. */
static unsigned long find(FILE *file, const char *word) {
  char line[128], format[32];
  unsigned long number = 0;
  snprintf(format, sizeof format, "%s: %%lu", word);
  rewind(file);
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, format, &number) == 1) break;
  }
  return number;
}

int sysinfo(struct sysinfo *info) {
  memset(info, 0, sizeof *info);
  info->mem_unit = KIB;
  FILE *memory = fopen("/proc/meminfo", "re");
  if (!memory) return -1;
  info->totalram = find(memory, "MemTotal");
  info->freeram = find(memory, "MemFree");
  info->bufferram = find(memory, "Buffers");
  info->sharedram = find(memory, "Shmem");
  info->totalswap = find(memory, "SwapTotal");
  info->freeswap = find(memory, "SwapFree");
  fclose(memory);
  FILE *uptime = fopen("/proc/uptime", "re");
  double seconds;
  if (uptime && fscanf(uptime, "%lf", &seconds) == 1) info->uptime = seconds;
  if (uptime) fclose(uptime);
  FILE *load = fopen("/proc/loadavg", "re");
  double loads[3];
  if (load && fscanf(load, "%lf %lf %lf %*d/%hu", loads, loads + 1, loads + 2, &info->procs) >= 3) {
    for (int i = 0; i < 3; i++) info->loads[i] = loads[i] * (1 << SI_LOAD_SHIFT);
  }
  if (load) fclose(load);
  return 0;
}

int getloadavg(double *loads, int count) {
  struct sysinfo info;
  if (count < 1 || sysinfo(&info) < 0) return -1;
  if (count > 3) count = 3;
  for (int i = 0; i < count; i++) loads[i] = (double)info.loads[i] / (1 << SI_LOAD_SHIFT);
  return count;
}
