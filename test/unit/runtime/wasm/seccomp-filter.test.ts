import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seccompFilter } from '../../../../src/runtime/wasm/seccomp-filter.ts';

const X64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const KILL = 0x80000000;

/** Runs classic BPF over a struct seccomp_data, as the kernel would (filter.h: the four used). */
function verdict(program: Uint8Array, audit: number, number: number): number {
  const view = new DataView(program.buffer);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const k = view.getUint32(at + 4, true);
    const jump = (isTrue: boolean): void => {
      at += 8 * view.getUint8(at + (isTrue ? 2 : 3));
    };
    switch (view.getUint16(at, true)) {
      case 0x20:
        accumulator = k === 0 ? number : audit;
        break;
      case 0x15:
        jump(accumulator === k);
        break;
      case 0x35:
        jump(accumulator >= k);
        break;
      case 0x06:
        return k;
      default:
        throw new Error('an instruction that the filter has no use for');
    }
  }
  throw new Error('the program runs past its end');
}

test('attacks are refused, work is allowed, other ABIs are killed', () => {
  const x64 = seccompFilter('x64') ?? new Uint8Array();
  const numbers = { read: 0, mmap: 9, clone: 56, futex: 202, openat: 257 };
  for (const [name, number] of Object.entries(numbers)) {
    assert.is(verdict(x64, X64, number), ALLOW, name);
  }
  const attacks = {
    ptrace: 101,
    mount: 165,
    unshare: 272,
    bpf: 321,
    userfaultfd: 323,
    keyctl: 250,
  };
  for (const [name, number] of Object.entries(attacks)) {
    assert.is(verdict(x64, X64, number), EPERM, name);
  }
  assert.is(verdict(x64, ARM64, 0), KILL, 'another architecture');
  assert.is(verdict(x64, X64, 0x40000000), KILL, 'x32');

  const arm64 = seccompFilter('arm64') ?? new Uint8Array();
  assert.is(verdict(arm64, ARM64, 63), ALLOW, 'read');
  assert.is(verdict(arm64, ARM64, 117), EPERM, 'ptrace');
  assert.is(verdict(arm64, X64, 63), KILL);
});

test('an architecture without a table has no filter', () => {
  assert.is(seccompFilter('riscv64'), undefined);
});

test.run();
