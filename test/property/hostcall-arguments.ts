import type { SeededRandom } from '../fake/seeded-random.ts';

/**
 * Where things that calls look for stand in the guest's memory (of one page), and random arguments
 * that often name them: calls that only fail for their pointers tell little.
 */
const PAGE = 65_536;
const VECTORS = 512;
const VECTOR_COUNT = 16;
const PATHS = 1024;
const PATH_ROOM = 64;
const SUBSCRIPTIONS = 4096;
const SUBSCRIPTION_COUNT = 20;
const SUBSCRIPTION_SIZE = 48;
/** The name of an extended attribute. */
const ATTRIBUTE = 448;
const BUFFER = 8192;

const NAMES: readonly string[] = [
  ...[
    'a',
    'd',
    'd/b',
    'd/e',
    'd/new',
    'new',
    'other',
    'absolute',
    'relative',
    'd/up',
    'loop',
    'dd',
  ],
  ...['dd/b', '.', '..', '', '/', '/a', '../a', 'd/..', 'd/../../..', 'a/', 'd/', 'new/', 'a/b'],
  ...[
    'dev/null',
    'dev/zero',
    'dev/urandom',
    'dev/full',
    'dev/stdin',
    'dev',
    '/dev/tty',
    '/proc/1/status',
    'proc/self/fd/3',
  ],
  ...['proc/self/environ', 'proc/self/root/../..', 'proc/self/cwd/a', 'dev/fd/1', 'proc/mounts'],
  ...['ä', 'x'.repeat(60), 'd/e/../../a', './././a', '//a', 'nul\0name'],
];

/** Fills the memory with random bytes, and puts paths, vectors and subscriptions in place. */
export function scribble(random: SeededRandom, memory: WebAssembly.Memory): void {
  const bytes = Buffer.from(memory.buffer);
  const view = new DataView(memory.buffer);
  for (let at = BUFFER; at < PAGE; at += 4 * random.between(1, 64)) {
    view.setUint32(Math.min(at, PAGE - 4), random.word(), true);
  }
  for (let index = 0; index < VECTOR_COUNT; index++) {
    view.setUint32(VECTORS + index * 8, pointer(random), true);
    const isLarge = memory.buffer.byteLength > PAGE && random.chance(30);
    const length = isLarge ? random.below(memory.buffer.byteLength) : size(random);
    view.setUint32(VECTORS + index * 8 + 4, length, true);
  }
  for (let index = 0; index < SUBSCRIPTION_COUNT; index++) {
    const at = SUBSCRIPTIONS + index * SUBSCRIPTION_SIZE;
    bytes.fill(0, at, at + SUBSCRIPTION_SIZE);
    view.setUint8(at + 8, random.below(random.chance(90) ? 3 : 256));
    view.setUint32(at + 16, random.below(random.chance(80) ? 6 : 64), true);
    view.setBigUint64(at + 24, wide(random), true);
    view.setUint16(at + 40, random.below(3), true);
  }
  bytes.write('user.a', ATTRIBUTE);
  NAMES.forEach((name, index) => {
    bytes.write(name, PATHS + index * PATH_ROOM);
  });
}

type Kind = keyof typeof MAKERS;

/** What a call's parameters are about, for those that random numbers hardly ever satisfy. */
const TEMPLATES: Readonly<Record<string, readonly Kind[]>> = {
  fd_advise: ['fd', 'offset', 'offset', 'flags'],
  fd_allocate: ['fd', 'offset', 'offset'],
  fd_close: ['fd'],
  fd_fdstat_get: ['fd', 'out'],
  fd_fdstat_set_flags: ['fd', 'flags'],
  fd_fdstat_set_rights: ['fd', 'rights', 'rights'],
  fd_filestat_get: ['fd', 'out'],
  fd_filestat_set_size: ['fd', 'offset'],
  fd_filestat_set_times: ['fd', 'time', 'time', 'flags'],
  fd_pread: ['fd', 'vectors', 'offset', 'out'],
  fd_pwrite: ['fd', 'vectors', 'offset', 'out'],
  fd_read: ['fd', 'vectors', 'out'],
  fd_readdir: ['fd', 'buffer', 'offset', 'out'],
  fd_renumber: ['fd', 'fd'],
  fd_seek: ['fd', 'offset', 'flags', 'out'],
  fd_tell: ['fd', 'out'],
  fd_write: ['fd', 'vectors', 'out'],
  path_create_directory: ['directory', 'path'],
  path_filestat_get: ['directory', 'bit', 'path', 'out'],
  path_filestat_set_times: ['directory', 'bit', 'path', 'time', 'time', 'flags'],
  path_link: ['directory', 'bit', 'path', 'directory', 'path'],
  path_open: ['directory', 'bit', 'path', 'flags', 'rights', 'rights', 'fdflags', 'out'],
  path_readlink: ['directory', 'path', 'buffer', 'out'],
  path_remove_directory: ['directory', 'path'],
  path_rename: ['directory', 'path', 'directory', 'path'],
  path_symlink: ['path', 'directory', 'path'],
  path_unlink_file: ['directory', 'path'],
  poll_oneoff: ['subscriptions', 'out'],
  random_get: ['buffer'],

  'wasix_32v1.chdir': ['path'],
  'wasix_32v1.fd_dup': ['fd', 'out'],
  'wasix_32v1.fd_dup2': ['fd', 'flags', 'bit', 'out'],
  'wasix_32v1.path_open2': [
    ...([
      'directory',
      'bit',
      'path',
      'flags',
      'rights',
      'rights',
      'fdflags',
      'bit',
      'out',
    ] as const),
  ],
  'wasix_32v1.getcwd': ['buffer'],
  'wasix_32v1.proc_exec3': ['path', 'buffer', 'buffer', 'bit', 'path'],
  'wasix_32v1.proc_spawn2': ['path', 'buffer', 'buffer', 'buffer', 'buffer', 'bit', 'path', 'out'],
  'wolffia_32v1.fd_chdir': ['fd'],
  'wolffia_32v1.fd_dup_to': ['fd', 'fd', 'bit'],
  'wolffia_32v1.fd_flock': ['fd', 'flags'],
  'wolffia_32v1.fd_lock': ['fd', 'flags', 'out'],
  'wolffia_32v1.path_access': ['directory', 'bit', 'path', 'flags', 'bit'],
  'wolffia_32v1.path_chmod': ['directory', 'bit', 'path', 'mode'],
  'wolffia_32v1.path_chown': ['directory', 'bit', 'path', 'id', 'id'],
  'wolffia_32v1.path_mkdir': ['directory', 'path', 'mode'],
  'wolffia_32v1.path_mknod': ['directory', 'path', 'mode', 'offset'],
  'wolffia_32v1.path_open': [
    ...(['directory', 'bit', 'path', 'flags', 'rights', 'rights', 'fdflags', 'bit'] as const),
    ...(['mode', 'out'] as const),
  ],
  'wolffia_32v1.path_stat': ['directory', 'bit', 'path', 'out'],
  'wolffia_32v1.path_statfs': ['directory', 'path', 'out'],
  'wolffia_32v1.proc_exec': ['path', 'bit', 'buffer', 'buffer'],
  'wolffia_32v1.proc_spawn': ['path', 'bit', 'buffer', 'buffer', 'buffer', 'out', 'out'],
  'wolffia_32v1.tty_flush': ['stream', 'flags'],
  'wolffia_32v1.tty_get': ['stream', 'out'],
  'wolffia_32v1.tty_group_get': ['stream', 'out'],
  'wolffia_32v1.tty_group_set': ['stream', 'flags'],
  'wolffia_32v1.tty_name': ['stream', 'buffer', 'out'],
  'wolffia_32v1.tty_session_get': ['stream', 'out'],
  'wolffia_32v1.tty_set': ['stream', 'bit', 'out'],
  'wolffia_32v1.tty_window_get': ['stream', 'out'],
  'wolffia_32v1.tty_window_set': ['stream', 'out'],
  'wolffia_32v1.xattr_get': ['directory', 'bit', 'path', 'attribute', 'buffer', 'out'],
  'wolffia_32v1.xattr_list': ['directory', 'bit', 'path', 'buffer', 'out'],
  'wolffia_32v1.xattr_remove': ['directory', 'bit', 'path', 'attribute'],
  'wolffia_32v1.xattr_set': ['directory', 'bit', 'path', 'attribute', 'buffer', 'bit'],
};

const MAKERS = {
  bit: (random: SeededRandom) => [random.below(2)],
  flags: (random: SeededRandom) => [random.chance(60) ? random.below(2) : random.below(16)],
  fdflags: (random: SeededRandom) => [random.chance(60) ? 0 : random.below(32)],
  fd: (random: SeededRandom) => [random.below(14)],
  stream: (random: SeededRandom) => [random.below(3)],
  mode: (random: SeededRandom) => [
    random.below(0o10000) | random.pick([0, 0, 0o010000, 0o100000, 0o140000]),
  ],
  id: (random: SeededRandom) => [random.pick([0, 1, 1000, -1])],
  attribute: (random: SeededRandom) => [ATTRIBUTE, random.chance(90) ? 6 : random.below(20)],
  directory: (random: SeededRandom) => [random.chance(85) ? 3 : random.between(3, 12)],
  path: (random: SeededRandom) => path(random),
  vectors: (random: SeededRandom) => [VECTORS + 8 * random.below(8), random.below(5)],
  buffer: (random: SeededRandom) => [pointer(random) | 0, size(random) | 0],
  subscriptions: (random: SeededRandom) => [
    SUBSCRIPTIONS,
    BUFFER,
    random.below(SUBSCRIPTION_COUNT),
  ],
  out: (random: SeededRandom) => [BUFFER + 8 * random.below(100)],
  offset: (random: SeededRandom) => [random.chance(70) ? BigInt(random.below(300)) : wide(random)],
  time: (random: SeededRandom) => [wide(random)],
  rights: (random: SeededRandom) => [random.chance(60) ? (1n << 30n) - 1n : wide(random)],
} satisfies Record<string, (random: SeededRandom) => (number | bigint)[]>;

/**
 * `title`: the module's name, a point, and the function's; `isWide`: by parameter, whether it is an
 * i64. In more than a page of memory sizes are as large as that now and then.
 */
export function randomArguments(
  random: SeededRandom,
  title: string,
  isWide: readonly boolean[],
  memoryBytes: number,
): (number | bigint)[] {
  const name = title.slice(title.indexOf('.') + 1);
  const template = random.chance(90) ? (TEMPLATES[title] ?? TEMPLATES[name]) : undefined;
  const args: (number | bigint)[] = [];
  for (const kind of template ?? []) args.push(...MAKERS[kind](random));
  while (args.length < isWide.length) {
    if (isWide[args.length] === true) args.push(wide(random));
    else args.push(...narrow(random));
  }
  // One of those that fit gives way to any number now and then.
  const wild = random.chance(20) ? random.below(isWide.length + 1) : -1;
  return args.slice(0, isWide.length).map((argument, index) => {
    const value = index === wild ? BigInt(anySize(random, memoryBytes)) : BigInt(argument);
    return isWide[index] === true ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value));
  });
}

function anySize(random: SeededRandom, memoryBytes: number): number {
  return memoryBytes > PAGE && random.chance(80) ? random.below(memoryBytes) : random.word();
}

function path(random: SeededRandom): number[] {
  const index = random.below(NAMES.length);
  const length = Buffer.byteLength(NAMES[index] ?? '');
  return [PATHS + index * PATH_ROOM, random.chance(95) ? length : size(random) | 0];
}

/** One number, or two that belong together: a pointer and what it points at. */
function narrow(random: SeededRandom): number[] {
  switch (random.below(8)) {
    case 0:
      return path(random);
    case 1:
      return [VECTORS, random.chance(80) ? random.below(4) : random.below(VECTOR_COUNT)];
    case 2:
      return [SUBSCRIPTIONS, BUFFER, random.below(SUBSCRIPTION_COUNT)];
    case 3:
      return [pointer(random) | 0];
    case 4:
      return [random.below(9)];
    case 5:
      return [random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, -1, -2, 47, 48, 1024])];
    case 6:
      return [1 << random.below(32)];
    default:
      return [random.chance(70) ? random.between(3, 12) : random.word() | 0];
  }
}

function pointer(random: SeededRandom): number {
  switch (random.below(10)) {
    case 0:
      return random.word();
    case 1:
      return PAGE - random.below(70);
    case 2:
      return random.pick([0, 0xffff_ffff, 0xffff_fff8, 0x7fff_ffff, 0x8000_0000]);
    default:
      return BUFFER + random.below(PAGE - BUFFER);
  }
}

function size(random: SeededRandom): number {
  switch (random.below(8)) {
    case 0:
      return random.word();
    case 1:
      return random.below(PAGE + 10);
    case 2:
      return 0;
    default:
      return random.below(200);
  }
}

function wide(random: SeededRandom): bigint {
  switch (random.below(6)) {
    case 0:
      return (BigInt(random.word()) << 32n) | BigInt(random.word());
    case 1:
      return 1n << BigInt(random.below(64));
    case 2:
      return (1n << 64n) - 1n - BigInt(random.below(4));
    case 3:
      return (1n << 30n) - 1n;
    default:
      return BigInt(random.below(20_000));
  }
}
