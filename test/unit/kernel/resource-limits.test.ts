import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRNO, type Errno } from '../../../src/base/errno.ts';
import { MAX_FDS } from '../../../src/kernel/fd-table.ts';
import { RESOURCE, ResourceLimits, UNLIMITED } from '../../../src/kernel/resource-limits.ts';

const throwsErrno = (errno: Errno, run: () => unknown): void =>
  assert.throws(run, (thrown: unknown) => thrown === errno);

test('nobody may have more open files than a table can hold', () => {
  const limits = new ResourceLimits();
  const most = BigInt(MAX_FDS);
  assert.equal(limits.get(RESOURCE.openFiles), { current: 1024n, maximum: most });
  limits.set(RESOURCE.openFiles, { current: most, maximum: most }, true);
  for (const maximum of [most + 1n, UNLIMITED]) {
    throwsErrno(ERRNO.EPERM, () => limits.set(RESOURCE.openFiles, { current: 10n, maximum }, true));
  }
  assert.equal(limits.get(RESOURCE.openFiles), { current: most, maximum: most });
});

test('a maximum that was lowered is raised by the privileged only', () => {
  const limits = new ResourceLimits();
  limits.set(RESOURCE.openFiles, { current: 10n, maximum: 20n }, false);
  throwsErrno(ERRNO.EPERM, () =>
    limits.set(RESOURCE.openFiles, { current: 10n, maximum: 21n }, false),
  );
  limits.set(RESOURCE.openFiles, { current: 10n, maximum: 21n }, true);
  throwsErrno(ERRNO.EINVAL, () =>
    limits.set(RESOURCE.openFiles, { current: 22n, maximum: 21n }, true),
  );
});

test.run();
