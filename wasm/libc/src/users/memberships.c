/* Which groups a user is in. */
#include <grp.h>
#include <limits.h>
#include <string.h>

#include "../result.h"

static int is_member(const struct group *group, const char *user) {
  for (char **member = group->gr_mem; *member; member++) {
    if (strcmp(*member, user) == 0) return 1;
  }
  return 0;
}

/* -1 when there are more than fit; `*count` is how many there are. */
int getgrouplist(const char *user, gid_t group, gid_t *groups, int *count) {
  int capacity = *count, found = 0;
  if (found++ < capacity) groups[0] = group;
  setgrent();
  for (struct group *one; (one = getgrent());) {
    if (one->gr_gid == group || !is_member(one, user)) continue;
    if (found < capacity) groups[found] = one->gr_gid;
    found++;
  }
  endgrent();
  *count = found;
  return found > capacity ? -1 : found;
}

int initgroups(const char *user, gid_t group) {
  gid_t groups[NGROUPS_MAX];
  int count = NGROUPS_MAX;
  if (getgrouplist(user, group, groups, &count) < 0) return fail(ENOMEM);
  return setgroups(count, groups);
}
