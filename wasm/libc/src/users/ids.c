/* User and group ids of the process; wasi-libc has none. */
#include <grp.h>
#include <limits.h>
#include <unistd.h>
#include <wolffia/abi.h>

#include "../result.h"

enum { REAL_USER, EFFECTIVE_USER, SAVED_USER, REAL_GROUP, EFFECTIVE_GROUP, SAVED_GROUP, IDS };
enum { SAME = -1 };

static uint32_t id(int which) {
  uint32_t ids[IDS] = {0};
  wolffia_ids_get(ids);
  return ids[which];
}

uid_t getuid(void) { return id(REAL_USER); }

uid_t geteuid(void) { return id(EFFECTIVE_USER); }

gid_t getgid(void) { return id(REAL_GROUP); }

gid_t getegid(void) { return id(EFFECTIVE_GROUP); }

int issetugid(void) { return getuid() != geteuid() || getgid() != getegid(); }

int getresuid(uid_t *real, uid_t *effective, uid_t *saved) {
  uint32_t ids[IDS];
  int error = wolffia_ids_get(ids);
  if (error) return fail(error);
  *real = ids[REAL_USER];
  *effective = ids[EFFECTIVE_USER];
  *saved = ids[SAVED_USER];
  return 0;
}

int getresgid(gid_t *real, gid_t *effective, gid_t *saved) {
  uint32_t ids[IDS];
  int error = wolffia_ids_get(ids);
  if (error) return fail(error);
  *real = ids[REAL_GROUP];
  *effective = ids[EFFECTIVE_GROUP];
  *saved = ids[SAVED_GROUP];
  return 0;
}

int setresuid(uid_t real, uid_t effective, uid_t saved) {
  return result(wolffia_users_set(real, effective, saved));
}

int setresgid(gid_t real, gid_t effective, gid_t saved) {
  return result(wolffia_groups_set(real, effective, saved));
}

/* Root changes all three, and cannot go back; others change the effective one. */
int setuid(uid_t user) {
  return geteuid() == 0 ? setresuid(user, user, user) : setresuid(SAME, user, SAME);
}

int setgid(gid_t group) {
  return geteuid() == 0 ? setresgid(group, group, group) : setresgid(SAME, group, SAME);
}

int seteuid(uid_t user) { return setresuid(SAME, user, SAME); }

int setegid(gid_t group) { return setresgid(SAME, group, SAME); }

/*
 * The saved id follows the effective one, when the real one is set or the effective one becomes
 * another than that.
 */
int setreuid(uid_t real, uid_t effective) {
  int follows = real != (uid_t)SAME || (effective != (uid_t)SAME && effective != getuid());
  uid_t saved = effective == (uid_t)SAME ? geteuid() : effective;
  return setresuid(real, effective, follows ? saved : (uid_t)SAME);
}

int setregid(gid_t real, gid_t effective) {
  int follows = real != (gid_t)SAME || (effective != (gid_t)SAME && effective != getgid());
  gid_t saved = effective == (gid_t)SAME ? getegid() : effective;
  return setresgid(real, effective, follows ? saved : (gid_t)SAME);
}

int getgroups(int capacity, gid_t groups[]) {
  if (capacity < 0) return fail(EINVAL);
  int count;
  int error = wolffia_supplementary_get(groups, capacity, &count);
  if (error) return fail(error);
  return capacity != 0 && count > capacity ? fail(EINVAL) : count;
}

int setgroups(size_t count, const gid_t *groups) {
  if (count > INT_MAX) return fail(EINVAL);
  return result(wolffia_supplementary_set(groups, count));
}
