import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Errno } from '../../src/base/errno.ts';
import { FileTree } from '../../src/vfs/file-tree.ts';
import { openHostDirectory } from '../../src/vfs/host-dir.ts';
import type { PathAt } from '../../src/vfs/path-walk.ts';
import { SeededRandom } from '../fake/seeded-random.ts';
import { readAll } from '../suite/file-system.ts';
import { HostFixture } from '../suite/host-fixture.ts';

// Processes of the host swap directories and files of a shared mount for links that lead out of it
// while a guest is at work there. Nothing outside is ever read, written or removed.

const ROUNDS = Number(process.env['COUNT'] ?? 6_000);
const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);

const CANARY = 'canary';
const ATTACKER = fileURLToPath(new URL('../fake/path-attacker.ts', import.meta.url));

class AttackFixture extends HostFixture {
  readonly mount = this.path('mount');
  readonly outside = this.path('outside');
  readonly #attackers: ChildProcess[] = [];

  constructor() {
    super(process.platform, 3);
    for (const directory of ['mount/d', 'mount/deep/e/f', 'outside/f', 'outside/d']) {
      fs.mkdirSync(this.path(directory), { recursive: true });
    }
    for (const place of ['outside', 'outside/f', 'outside/d', '.']) {
      for (const name of ['file', 'new', 'secret']) {
        fs.writeFileSync(this.path(place, name), CANARY, { mode: 0o600 });
      }
    }
    for (const place of ['mount/d/file', 'mount/deep/e/f/file', 'mount/inside']) {
      fs.writeFileSync(this.path(place), 'inside');
    }
  }

  /** Resolves when the attack has begun. */
  async attack(how: string): Promise<void> {
    const child = spawn(process.execPath, [ATTACKER, how, this.mount, this.outside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#attackers.push(child);
    await new Promise((resolve, reject) => {
      child.stdout?.once('data', resolve);
      child.once('exit', reject);
    });
  }

  /** All that is outside, with modes and times of change. */
  outsideNow(): string {
    const lines: string[] = [];
    const add = (path: string): void => {
      const stat = fs.lstatSync(path, { bigint: true });
      lines.push(`${path} ${stat.mode} ${stat.nlink} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`);
      if (stat.isDirectory()) for (const name of fs.readdirSync(path)) add(`${path}/${name}`);
      else lines.push(fs.readFileSync(path, 'utf8'));
    };
    add(this.outside);
    for (const name of ['file', 'new', 'secret']) add(this.path(name));
    return lines.join('\n');
  }

  /** Resolves when all attackers are gone. */
  async calm(): Promise<void> {
    for (const child of this.#attackers.splice(0)) {
      child.removeAllListeners('exit');
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
  }
}

const DIRECTORIES = ['d', 'deep/e/f', 'deep/e', 'd/../d', '.'] as const;
const NAMES = ['file', 'new', 'secret', 'made'] as const;

/** One call of a guest, at random. Answers what it read. */
function call(tree: FileTree, random: SeededRandom): string {
  const at = (): PathAt => {
    const path = `${random.pick(DIRECTORIES)}/${random.pick(NAMES)}`;
    return { start: tree.root, path };
  };
  const options = {
    read: true,
    write: random.below(2) === 0,
    create: random.below(2) === 0,
    exclusive: random.below(4) === 0,
    directory: false,
    truncate: random.below(4) === 0,
    followLast: random.below(2) === 0,
    permissions: 0o644,
  };
  const followLast = options.followLast;
  switch (random.below(13)) {
    case 0:
    case 1:
    case 2: {
      const opened = tree.open(at(), options);
      if (opened.type !== 'file') return '';
      try {
        const text = readAll(opened.file);
        if (options.write) opened.file.append(new TextEncoder().encode('guest'));
        if (options.write) opened.file.change({ mode: 0o640, modifiedNs: 7n });
        return text;
      } finally {
        opened.file.close();
      }
    }
    case 3:
      return tree.removeFile(at()) ?? '';
    case 4:
      return tree.rename(at(), at()) ?? '';
    case 5:
      return tree.makeLink(at(), followLast, at()) ?? '';
    case 6:
      return tree.change(at(), followLast, { mode: 0o604 }) ?? '';
    case 7:
      return tree.change(at(), followLast, { modifiedNs: 5n, accessedNs: 5n }) ?? '';
    case 8:
      return tree.change(at(), followLast, { sizeBytes: 1 }) ?? '';
    case 9:
      return tree.makeDirectory(at(), 0o755) ?? '';
    case 10:
      return tree.removeDirectory(at()) ?? '';
    case 11:
      return tree.makeSymlink('../secret', at()) ?? '';
    default: {
      const path = random.pick(DIRECTORIES);
      const found = tree.resolve({ start: tree.root, path }, true);
      return found.node.kind === 'directory'
        ? tree
            .list(found)
            .map(({ name }) => name)
            .join()
        : '';
    }
  }
}

function attempt(run: () => string): string {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof Errno) return thrown.name;
    throw thrown;
  }
}

// Other hosts have no way to walk by handles: see host-paths.ts.
const linuxTest = process.platform === 'linux' ? test : test.skip;

linuxTest(
  'nothing outside a mount is reached, whatever happens to its paths meanwhile',
  async () => {
    using fixture = new AttackFixture();
    const before = fixture.outsideNow();
    const source = fixture.mount;
    using tree = new FileTree(
      openHostDirectory(fixture.paths, { source, device: 1n, isReadOnly: false }),
    );
    const random = new SeededRandom(seed);
    for (const how of ['file', 'directory', 'parent']) await fixture.attack(how);
    const answers = new Map<string, number>();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const answer = attempt(() => call(tree, random));
        assert.not.match(answer, CANARY, `round ${round}`);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    } finally {
      await fixture.calm();
    }
    assert.is(fixture.outsideNow(), before);
    // The guest did get through between the attacks, and was in their way too.
    assert.ok((answers.get('') ?? 0) > ROUNDS / 50, JSON.stringify([...answers]));
    assert.ok((answers.get('ENOENT') ?? 0) > 0);
  },
);

linuxTest('the same attack reaches whoever walks by plain paths', async () => {
  using fixture = new AttackFixture();
  await fixture.attack('directory');
  let found = '';
  try {
    for (let round = 0; round < 1_000_000 && found !== CANARY; round++) {
      try {
        // What a check before each call is worth.
        if (fs.lstatSync(`${fixture.mount}/d`).isSymbolicLink()) continue;
        found = fs.readFileSync(`${fixture.mount}/d/secret`, 'utf8');
      } catch {
        // Not there at the moment.
      }
    }
  } finally {
    await fixture.calm();
  }
  assert.is(found, CANARY);
});

test.run();
