#ifndef WOLFFIA_USAGE_H
#define WOLFFIA_USAGE_H

#include <sys/resource.h>
#include <wolffia/abi.h>

struct rusage __wolffia_rusage(const struct wolffia_usage *used);

#endif
