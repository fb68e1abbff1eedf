/**
 * A seccomp filter as classic BPF (seccomp(2), linux/filter.h): system calls that neither Node nor
 * a cell makes, and that attacks on a kernel begin with, fail with EPERM. Made by hand because it
 * is thirty instructions, and there is no library that needs no compiler.
 */
interface Architecture {
  /** AUDIT_ARCH_…: what the kernel says of the caller. */
  readonly audit: number;
  readonly denied: readonly number[];
}

/** By the tables of arch/x86/entry/syscalls/syscall_64.tbl and asm-generic/unistd.h. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    denied: [
      // ptrace, process_vm_readv, process_vm_writev, pidfd_open, pidfd_getfd
      ...[101, 310, 311, 434, 438],
      // mount, umount2, pivot_root, chroot, setns, unshare, open_tree, move_mount, fsopen
      ...[165, 166, 155, 161, 308, 272, 428, 429, 430],
      // add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd
      ...[248, 249, 250, 321, 298, 323],
      // init_module, finit_module, delete_module, kexec_load, kexec_file_load, reboot
      ...[175, 313, 176, 246, 320, 169],
      // swapon, swapoff, acct, settimeofday, clock_settime, sethostname, setdomainname
      ...[167, 168, 163, 164, 227, 170, 171],
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    denied: [
      ...[117, 270, 271, 434, 438],
      ...[40, 39, 41, 51, 268, 97, 428, 429, 430],
      ...[217, 218, 219, 280, 241, 282],
      ...[105, 273, 106, 104, 294, 142],
      ...[224, 225, 89, 170, 112, 161, 162],
    ],
  },
};

const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const RETURN = 0x06;

/** Offsets in struct seccomp_data. */
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const FAIL_WITH_EPERM = 0x00050001;

/** The calls of the x32 ABI have this bit, and another table. */
const X32_BIT = 0x40000000;

const INSTRUCTION_SIZE = 8;

/** The program for a `process.arch`, as `bwrap --seccomp` reads it; undefined for others. */
export function seccompFilter(architecture: string): Uint8Array | undefined {
  const facts = ARCHITECTURES[architecture];
  if (!facts) return undefined;
  const program: (readonly [code: number, jumpTrue: number, jumpFalse: number, k: number])[] = [
    [LOAD_WORD, 0, 0, ARCHITECTURE_OFFSET],
    [JUMP_EQUAL, 1, 0, facts.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, NUMBER_OFFSET],
  ];
  if (architecture === 'x64') {
    program.push([JUMP_AT_LEAST, 0, 1, X32_BIT], [RETURN, 0, 0, KILL_PROCESS]);
  }
  for (const number of facts.denied) {
    program.push([JUMP_EQUAL, 0, 1, number], [RETURN, 0, 0, FAIL_WITH_EPERM]);
  }
  program.push([RETURN, 0, 0, ALLOW]);
  const bytes = new Uint8Array(program.length * INSTRUCTION_SIZE);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, jumpTrue, jumpFalse, k], index) => {
    const at = index * INSTRUCTION_SIZE;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jumpTrue);
    view.setUint8(at + 3, jumpFalse);
    view.setUint32(at + 4, k, true);
  });
  return bytes;
}
