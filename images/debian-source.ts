import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Source packages of Debian, fetched and unpacked by apt as an ordinary user: with lists and
 * caches of our own, so that the machine's stay as they are. Which mirror is asked is what the
 * machine's own apt says; which release is fixed here, so that everybody builds from the same
 * sources, whatever release they run.
 */
const RELEASE = 'trixie';
/** Asked for what a mirror has nothing of in the release that is wanted. */
const OLDER_RELEASE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MAX_COMPLAINT = 4096;

/** Why Debian's sources cannot be had on this machine; undefined when they can. */
export function debianAbsence(): string | undefined {
  for (const tool of ['apt-get', 'dpkg-source']) {
    const { error, status } = spawnSync(tool, ['--version'], { stdio: 'ignore' });
    if (error || status !== 0) return `there is no ${tool} (Debian packages apt, dpkg-dev)`;
  }
  return findMirror() === undefined ? "no Debian archive is among apt's sources" : undefined;
}

/** Source packages by name, unpacked in the cache. */
export class DebianSources {
  readonly #directory: string;
  /** Whoever comes next waits: apt locks its lists. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #apt = new Map<string, Promise<PrivateApt>>();

  constructor(cacheDirectory: string) {
    this.#directory = join(cacheDirectory, 'debian');
  }

  /**
   * The folder of a source package, with Debian's patches applied.
   *
   * # Errors
   * an Error with what apt said
   */
  async fetch(
    name: string,
    progress: (status: string) => void,
    release: string = RELEASE,
  ): Promise<string> {
    const home = join(this.#directory, release, name);
    if (existsSync(home)) return home;
    const turn = this.#turn.then(() => this.#unpack(name, home, release, progress));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #unpack(
    name: string,
    home: string,
    release: string,
    progress: (status: string) => void,
  ): Promise<string> {
    if (existsSync(home)) return home;
    progress(`Fetching the source of ${name} from Debian`);
    const incoming = `${home}.${process.pid}`;
    try {
      try {
        await this.#unpackInto(incoming, name, release);
      } catch (thrown) {
        if (release === OLDER_RELEASE) throw thrown;
        await this.#unpackInto(incoming, name, OLDER_RELEASE);
      }
      const folders = readdirSync(incoming, { withFileTypes: true });
      const folder = folders.find((one) => one.isDirectory());
      if (!folder) throw new Error(`apt unpacked nothing of ${name}`);
      try {
        renameSync(join(incoming, folder.name), home);
      } catch (thrown) {
        // Another builder was faster.
        if (!existsSync(home)) throw thrown;
      }
    } finally {
      rmSync(incoming, { recursive: true, force: true });
    }
    return home;
  }

  async #unpackInto(directory: string, name: string, release: string): Promise<void> {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const apt = await this.#aptOf(release);
    await apt.unpack(name, directory);
  }

  #aptOf(release: string): Promise<PrivateApt> {
    const known = this.#apt.get(release);
    if (known) return known;
    const apt = PrivateApt.open(join(this.#directory, `apt-${release}`), release);
    this.#apt.set(release, apt);
    return apt;
  }
}

/** Another builder may be at apt's lists: it is asked again so often, each time a second later. */
const MAX_LOCK_ATTEMPTS = 60;

class PrivateApt {
  readonly #configPath: string;
  readonly #release: string;

  /** With fresh lists. */
  static async open(home: string, release: string): Promise<PrivateApt> {
    const apt = new PrivateApt(home, release);
    await apt.#update();
    return apt;
  }

  private constructor(home: string, release: string) {
    this.#release = release;
    const sources = join(home, 'sources');
    const lists = join(home, 'lists');
    const cache = join(home, 'cache');
    for (const folder of [sources, join(lists, 'partial'), join(cache, 'archives', 'partial')]) {
      mkdirSync(folder, { recursive: true });
    }
    const mirror = findMirror();
    if (mirror === undefined) throw new Error("no Debian archive is among apt's sources");
    const stanza = ['Types: deb-src', `URIs: ${mirror}`, `Suites: ${release}`, 'Components: main'];
    if (existsSync(KEYRING)) stanza.push(`Signed-By: ${KEYRING}`);
    writeFileSync(join(sources, 'debian.sources'), `${stanza.join('\n')}\n`);
    this.#configPath = join(home, 'apt.conf');
    const settings = {
      'Dir::Etc::sourcelist': '/dev/null',
      'Dir::Etc::sourceparts': sources,
      'Dir::State::lists': lists,
      'Dir::Cache': cache,
      // Else root would hand the download to a user that cannot write here.
      'APT::Sandbox::User': 'root',
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";\n`);
    writeFileSync(this.#configPath, lines.join(''));
  }

  async #update(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#run('apt-get', ['update', '-qq']);
        return;
      } catch (thrown) {
        const isLocked = thrown instanceof Error && thrown.message.includes('get lock');
        if (!isLocked || attempt === MAX_LOCK_ATTEMPTS) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  /**
   * The newest version that the mirror really has: around a point release the list names files that
   * a mirror does not have. Where that is so of all versions, the upstream's archive will do, which
   * apt has checked against the list; it is what Debian's patches are for.
   */
  async unpack(name: string, directory: string): Promise<void> {
    const listing = await this.#run('apt-cache', ['madison', name]);
    const versions = listing.split('\n').flatMap((line) => line.split('|')[1]?.trim() ?? []);
    if (versions.length === 0)
      throw new Error(`Debian ${this.#release} has no source package ${name}`);
    let lastFailure: unknown;
    for (const version of [undefined, ...versions]) {
      const wanted = version === undefined ? name : `${name}=${version}`;
      try {
        await this.#run('apt-get', ['source', '--only-source', '-qq', wanted], directory);
        return;
      } catch (thrown) {
        lastFailure = thrown;
      }
    }
    // It fails for what is missing, after having fetched the rest.
    const download = ['source', '--only-source', '--download-only', '-qq', name];
    await this.#run('apt-get', download, directory).catch(() => {});
    const archive = readdirSync(directory).find((file) => /\.orig\.tar\.\w+$/.test(file));
    if (archive === undefined) throw lastFailure;
    await this.#run('tar', ['--extract', '--file', archive], directory);
  }

  #run(program: string, args: readonly string[], directory?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        ...(directory === undefined ? {} : { cwd: directory }),
        env: { ...process.env, APT_CONFIG: this.#configPath, LC_ALL: 'C' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      let complaint = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        complaint = (complaint + chunk.toString()).slice(-MAX_COMPLAINT);
      });
      child.once('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`)));
      child.once('close', (code) => {
        if (code === 0) resolve(output);
        else reject(new Error(`${program} ${args.join(' ')} failed:\n${complaint.trim()}`));
      });
    });
  }
}

/** The address of Debian's archive (not of its security updates), as apt itself is set up. */
function findMirror(): string | undefined {
  const targets = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const { stdout } = spawnSync('apt-get', targets, { encoding: 'utf8' });
  return (stdout ?? '').split('\n').find((address) => /\/debian\/?$/.test(address));
}
