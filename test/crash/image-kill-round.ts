import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { EngineFixture } from '../e2e/engine-fixture.ts';
import { DockerRegistry } from '../suite/docker-registry.ts';
import { layeredImage } from '../suite/layered-image.ts';

/** What the daemon is killed amid. */
export const TRANSFERS = ['pull', 'push', 'load', 'prune'] as const;
export type TransferKind = (typeof TRANSFERS)[number];

const NAME = 'kill/app:v1';
const LAYERS = { layerCount: 6, layerSizeBytes: 2_000_000 };
const COMMAND_TIMEOUT_MS = 120_000;

/** An engine that is killed again and again, and a registry that is not. */
export class KillBed implements AsyncDisposable {
  readonly #engine = new EngineFixture();
  readonly #registry: DockerRegistry;
  readonly #durationsMs = new Map<TransferKind, number>();
  #imageId = '';
  #roundCount = 0;

  private constructor(registry: DockerRegistry) {
    this.#registry = registry;
  }

  static async open(seed: number): Promise<KillBed> {
    const bed = new KillBed(await DockerRegistry.start());
    const layout = await layeredImage({ ...LAYERS, seed, name: NAME });
    writeFileSync(bed.#archive, await layout.archive());
    bed.#command('load', '-q', '-i', bed.#archive);
    bed.#imageId = bed.#command('image', 'inspect', '-f', '{{.Id}}', NAME);
    bed.#command('tag', NAME, bed.#source);
    bed.#command('push', '-q', bed.#source);
    for (const kind of TRANSFERS) {
      const args = bed.#prepare(kind);
      const started = performance.now();
      bed.#command(...args);
      bed.#durationsMs.set(kind, performance.now() - started);
    }
    return bed;
  }

  /**
   * Kills the daemon when `part` (0 to 1) of the time is over that the transfer takes undisturbed.
   * Answers whether the transfer was acknowledged before; throws what was wrong afterwards.
   */
  async killAmid(kind: TransferKind, part: number): Promise<boolean> {
    const args = this.#prepare(kind);
    const daemon = this.#engine.daemonPid();
    const command = this.#engine.start(args, 'ignore');
    command.stdout?.resume();
    command.stderr?.resume();
    const closed: Promise<unknown[]> = once(command, 'close');
    const delayMs = part * (this.#durationsMs.get(kind) ?? 0);
    const started = performance.now();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, delayMs))]);
    process.kill(daemon, 'SIGKILL');
    const [exitCode] = await closed;
    const isAcknowledged = exitCode === 0;
    // The machine has become faster than it was: the next ones are to be killed earlier.
    if (isAcknowledged) this.#durationsMs.set(kind, performance.now() - started);
    this.#check();
    if (isAcknowledged) this.#checkAcknowledged(kind, args);
    this.#goOn(kind, args);
    return isAcknowledged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
    await this.#registry[Symbol.asyncDispose]();
  }

  get #archive(): string {
    return this.#engine.path('image.tar');
  }

  get #source(): string {
    return `${this.#registry.host}/${NAME}`;
  }

  /** Brings about that there is something to do; answers the command. What is left half stays. */
  #prepare(kind: TransferKind): readonly string[] {
    this.#roundCount += 1;
    const engine = this.#engine;
    if (kind === 'pull' || kind === 'load') {
      engine.run(['rmi', '-f', this.#imageId]);
      return kind === 'pull' ? ['pull', this.#source] : ['load', '-i', this.#archive];
    }
    this.#command('load', '-q', '-i', this.#archive);
    if (kind === 'prune') return ['system', 'prune', '-af'];
    const target = `${this.#registry.host}/kill/round-${this.#roundCount}:v1`;
    this.#command('tag', NAME, target);
    return ['push', target];
  }

  #checkAcknowledged(kind: TransferKind, args: readonly string[]): void {
    if (kind === 'push') {
      this.#command('manifest', 'inspect', '--insecure', args.at(-1) ?? '');
      return;
    }
    const ids = this.#command('images', '-q', '--no-trunc').split('\n');
    if (ids.includes(this.#imageId) === (kind === 'prune')) {
      throw new Error(`the acknowledged ${kind} left these images: ${ids.join(' ')}`);
    }
  }

  /** The same again works, and the image is the same and runs. */
  #goOn(kind: TransferKind, args: readonly string[]): void {
    this.#command(...args);
    if (kind === 'prune') this.#command('pull', '-q', this.#source);
    const name = kind === 'pull' || kind === 'prune' ? this.#source : NAME;
    const id = this.#command('image', 'inspect', '-f', '{{.Id}}', name);
    if (id !== this.#imageId) throw new Error(`${name} is ${id} instead of ${this.#imageId}`);
    this.#command('run', '--rm', name);
    this.#check();
  }

  #check(): void {
    const { exitCode, stdout, stderr } = this.#run(['system', 'fsck']);
    if (exitCode !== 0) throw new Error(`fsck: ${stdout}${stderr}`);
  }

  #command(...args: readonly string[]): string {
    const { exitCode, stdout, stderr } = this.#run(args);
    if (exitCode === 0) return stdout.trim();
    throw new Error(`wolffia ${args.join(' ')} exited with ${exitCode}: ${stderr}`);
  }

  #run(args: readonly string[]) {
    return this.#engine.run(args, { timeoutMs: COMMAND_TIMEOUT_MS });
  }
}
