import { readFileSync, readlinkSync } from 'node:fs';
import { totalmem } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileSource } from '../suite/compile-source.ts';
import { WarmRuntime } from '../suite/warm-runtime.ts';
import { innermostProcess } from './process-tree.ts';

/** What `wolffia info` claims is looked for in the kernel's own account of a cell. */
const CLAIMS: Readonly<Record<string, (pid: number) => void>> = {
  'permission-model': (pid) => {
    assert.ok(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('--permission'));
  },
  'memory-ceiling': (pid) => {
    const [, limit] = /^Max data size\s+(\d+)/m.exec(text(pid, 'limits')) ?? [];
    assert.ok(Number(limit) <= totalmem(), `Max data size ${limit}`);
  },
  namespaces: (pid) => {
    for (const name of ['pid', 'net', 'ipc', 'uts', 'user']) {
      // Root keeps its user namespace, and loses its capabilities all the same.
      if (name === 'user' && process.getuid?.() === 0) continue;
      assert.is.not(
        readlinkSync(`/proc/${pid}/ns/${name}`),
        readlinkSync(`/proc/self/ns/${name}`),
        name,
      );
    }
    assert.match(text(pid, 'status'), /^CapEff:\s+0+$/m);
    assert.match(text(pid, 'net/dev').replaceAll(/^.*\|.*$/gm, ''), /^\s*lo:[^:]*$/);
  },
  seccomp: (pid) => {
    assert.match(text(pid, 'status'), /^Seccomp:\s+2$/m);
    assert.match(text(pid, 'status'), /^NoNewPrivs:\s+1$/m);
  },
};

function text(pid: number, name: string): string {
  return readFileSync(`/proc/${pid}/${name}`, 'utf8');
}

if (process.platform === 'linux') {
  test('what is said to be in force is', async () => {
    await using warm = await WarmRuntime.open(await compileSource('wasm/fixtures/behave.c'));
    const task = await warm.runtime.start(warm.spec('sleep', '60000'), { write: () => undefined });
    const pid = innermostProcess(task.hostPid);
    const { hardening } = warm.runtime.facts();
    assert.equal(hardening.map(({ name }) => name).toSorted(), Object.keys(CLAIMS).toSorted());
    for (const { name, missingBecause } of hardening) {
      if (missingBecause === undefined) CLAIMS[name]?.(pid);
      else process.stdout.write(`skipped: ${name}: ${missingBecause}\n`);
    }
  });

  test('a container is bound to CPUs', async () => {
    await using warm = await WarmRuntime.open(await compileSource('wasm/fixtures/behave.c'));
    if (!warm.runtime.facts().canPinCpus) {
      process.stdout.write('skipped: there is no taskset (Debian: util-linux)\n');
      return;
    }
    const spec = warm.spec('sleep', '60000');
    const task = await warm.runtime.start(
      { ...spec, resources: { ...spec.resources, cpusetCpus: '0' } },
      { write: () => undefined },
    );
    const pid = innermostProcess(task.hostPid);
    assert.match(text(pid, 'status'), /^Cpus_allowed_list:\s+0$/m);
    const refused = await warm.runtime
      .start(
        { ...spec, resources: { ...spec.resources, cpusetCpus: '4000' } },
        { write: () => undefined },
      )
      .catch((thrown: unknown) => thrown);
    assert.match(String(refused), 'cannot bind the container to CPUs 4000');
  });
} else {
  process.stdout.write('skipped: cells are hardened and watched through /proc on Linux only\n');
  test.skip('no /proc', () => {});
}

test.run();
