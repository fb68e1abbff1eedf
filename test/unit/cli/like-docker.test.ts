import { spawn, spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeImageApi } from '../../fake/fake-image-api.ts';
import { digestOf, fakeImage } from '../../fake/fake-images.ts';
import { FakeTerminal } from '../../fake/fake-terminal.ts';

// What our commands show, beside what the stock docker command shows of the same server.
const test = suite('like docker');
const DAY_NS = 86_400_000_000_000n;

/** A server with images, whose ages are those of real time: docker looks at its own clock. */
async function openApi(nowMs: number): Promise<FakeImageApi> {
  const daysAgo = (days: bigint): bigint => BigInt(nowMs) * 1_000_000n - days * DAY_NS;
  const python = fakeImage('1', {
    repoTags: ['python:latest', 'python:3.11'],
    repoDigests: [`python@${digestOf('a')}`],
    createdNs: daysAgo(3n),
    history: [
      {
        createdNs: daysAgo(10n),
        createdBy: '/bin/sh -c #(nop) ADD file:abc in / and a long text that goes on',
        comment: '',
        sizeBytes: 40_000_000,
      },
      { createdNs: daysAgo(3n), createdBy: 'CMD ["python3"]', comment: 'why', sizeBytes: 0 },
    ],
  });
  const app = fakeImage('3', {
    repoTags: ['localhost:5000/team/app:v2'],
    repoDigests: [`localhost:5000/team/app@${digestOf('b')}`],
    createdNs: daysAgo(4n),
    sizeBytes: 48_312_345,
  });
  const api = await FakeImageApi.open([python, fakeImage('2', { createdNs: daysAgo(9n) }), app]);
  api.nowMs = nowMs;
  const { transfers } = api;
  transfers.pulled = { image: python, origin: 'registry', isNew: true, digest: digestOf('b') };
  transfers.during = ({ tell }) => {
    for (const id of ['111111111111', '222222222222']) tell({ id, status: 'Pulling fs layer' });
    tell({ id: '111111111111', status: 'Downloading', current: 10, total: 100 });
    tell({ id: '111111111111', status: 'Pull complete' });
  };
  transfers.tags = ['v1', 'v2'];
  transfers.found = [
    { name: 'python', description: 'A very\nlong '.repeat(9), starCount: 10_123, isOfficial: true },
    { name: 'some/one', description: 'short', starCount: 3, isOfficial: false },
  ];
  transfers.archive = ['an archive\n'];
  transfers.loaded = [
    { image: python, names: ['python:latest'] },
    { image: app, names: [] },
  ];
  return api;
}

interface Shown {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Asked {
  readonly args: readonly string[];
  readonly input: string;
  readonly nowMs: number;
}

/** Each on a server of its own: what one does must not change what the other sees. */
async function shownByUs({ args, input, nowMs }: Asked): Promise<Shown> {
  await using api = await openApi(nowMs);
  const terminal = new FakeTerminal({ isTerminal: false });
  terminal.env['DOCKER_CONFIG'] = api.directory;
  terminal.stdin.end(input);
  const exitCode = await api.run(terminal, ...args);
  return { exitCode, stdout: terminal.shown, stderr: terminal.complained };
}

async function shownByDocker({ args, input, nowMs }: Asked): Promise<Shown> {
  await using api = await openApi(nowMs);
  const child = spawn('docker', args, {
    env: {
      ...process.env,
      DOCKER_HOST: `unix://${api.socketPath}`,
      DOCKER_CONFIG: api.directory,
      TZ: 'UTC',
    },
    timeout: 30_000,
  });
  const shown = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    shown.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    shown.stderr += chunk.toString();
  });
  child.stdin.end(input);
  const exitCode = await new Promise<number>((resolve) => child.once('close', resolve));
  return { exitCode, ...shown };
}

const SAME: readonly (readonly string[] | { readonly args: string[]; readonly input: string })[] = [
  ['images'],
  ['images', '-a', '--digests'],
  ['images', '--no-trunc'],
  ['images', '-q'],
  ['images', '-q', '--no-trunc', 'python'],
  ['images', '-f', 'dangling=true'],
  ['image', 'ls', '--format', '{{.Repository}} {{.Tag}} {{.Digest}} {{.CreatedAt}}'],
  ['images', '--format', 'table {{.ID}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}'],
  ['images', '--tree', '-q'],
  ['history', 'python'],
  ['history', '-H=false', 'python'],
  ['history', '-q', '--no-trunc', 'python'],
  ['image', 'history', '--no-trunc', 'python'],
  ['history', '--format', 'table {{.ID}}\t{{.CreatedSince}}', 'python'],
  ['history', 'nothing'],
  ['image', 'inspect', 'python', 'nothing'],
  ['image', 'inspect', '-f', '{{.Id}} {{json .RepoTags}}', 'python'],
  ['pull', 'python'],
  ['pull', '-q', 'python:3'],
  ['pull', '-a', 'ghcr.io/team/py'],
  ['pull', '-aq', 'ghcr.io/team/py'],
  ['pull', '-a', 'python:3'],
  ['pull', `python@${digestOf('b')}`],
  ['push', 'python'],
  ['push', '-q', 'python:3.11'],
  ['push', '-a', 'python'],
  ['push', 'nothing'],
  ['save', 'python'],
  ['save', '-o', '/nowhere/x.tar', 'python'],
  { args: ['load'], input: 'archive' },
  ['load', '-i', '/nowhere.tar'],
  { args: ['import', '-', 'new:one'], input: 'archive' },
  ['search', 'python'],
  ['search', '--no-trunc', '-f', 'is-official=true', '--limit', '5', 'python'],
  ['search', '--format', 'table {{.Name}}\t{{.IsOfficial}}', 'python'],
  ['search', '--limit', '500', 'python'],
  ['tag', 'python', 'mine:v1'],
  ['rmi', 'python'],
  ['rmi', 'nothing'],
  ['rmi', '-f', 'nothing'],
  { args: ['image', 'prune'], input: 'n\n' },
  { args: ['image', 'prune', '-a'], input: 'y\n' },
  ['image', 'prune', '-f', '--filter', 'until=24h'],
  ['system', 'df'],
  ['system', 'df', '-v'],
  ['system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}'],
  ['login', '-u', 'ada', '-p', 'secret', '--password-stdin'],
  { args: ['login', '-u', 'ada', '--password-stdin', 'localhost:5000'], input: 'secret\n' },
  ['login', 'localhost:5000'],
  ['login', '--password-stdin'],
  ['logout', 'localhost:5000'],
  ['logout'],
];

const isInstalled = spawnSync('docker', ['--version']).status === 0;
if (isInstalled) {
  for (const one of SAME) {
    const { args, input } = 'args' in one ? one : { args: one, input: '' };
    test(args.join(' '), async () => {
      const asked = { args, input, nowMs: Date.now() };
      const ours = await shownByUs(asked);
      const dockers = await shownByDocker(asked);
      assert.equal(comparable(ours), comparable(dockers));
    });
  }
} else {
  process.stdout.write('skipped: the docker command is not installed (Debian: docker-cli)\n');
}

/** Where each puts its files differs; nobody sees the spaces at the end of a line. */
function comparable({ exitCode, stdout, stderr }: Shown): Shown {
  const same = (text: string): string =>
    text.replaceAll(/\/[^ ']*wolffia-unit-\w+/g, 'CONFIG').replaceAll(/ +$/gm, '');
  return { exitCode, stdout: same(stdout), stderr: same(stderr) };
}

test.run();
