import { rmSync, writeFileSync } from 'node:fs';
import { familiarName, parseTagged } from '../spec/reference.ts';
import type { ContainerCreateRequest, ContainerCreateResponse } from '../wire/container-create.ts';
import type { CommandContext } from './command.ts';
import { EngineResponseError } from './engine-client.ts';
import { type FlagSpec, type Flags, UsageError } from './flags.ts';
import { PLATFORM_FLAG } from './image-path.ts';
import { importModule, isLocalModule } from './local-module.ts';
import { pullImage } from './pull.ts';

/** The flags that `run` and `create` share: where the image comes from. */
export const IMAGE_FLAGS: readonly FlagSpec[] = [
  {
    name: 'pull',
    kind: 'text',
    summary: 'Pull image before creating ("always", "missing", "never") (default "missing")',
  },
  PLATFORM_FLAG,
  { name: 'quiet', short: 'q', kind: 'boolean', summary: 'Suppress the pull output' },
];

const POLICIES = ['always', 'missing', 'never'];

/**
 * Creates a container, of an image that is brought here when it is not; answers its id.
 *
 * # Errors
 * UsageError for a bad policy; those of the engine
 */
export async function createContainer(
  context: CommandContext,
  flags: Flags,
  request: ContainerCreateRequest,
): Promise<string> {
  const policy = flags.text('pull') ?? 'missing';
  if (!POLICIES.includes(policy)) {
    throw new UsageError(
      `invalid pull option: '${policy}': must be one of "always", "missing" or "never"`,
    );
  }
  const { terminal } = context;
  const cidPath = flags.text('cidfile');
  if (cidPath !== undefined) reserveCidFile(cidPath);
  try {
    const { Id: id, Warnings: warnings } = await createOf(context, flags, request, policy);
    for (const warning of warnings) terminal.stderr.write(`WARNING: ${warning}\n`);
    if (cidPath !== undefined) writeFileSync(cidPath, id);
    return id;
  } catch (thrown) {
    if (cidPath !== undefined) rmSync(cidPath, { force: true });
    throw thrown;
  }
}

async function createOf(
  { engine, terminal }: CommandContext,
  flags: Flags,
  request: ContainerCreateRequest,
  policy: string,
): Promise<ContainerCreateResponse> {
  const name = request.Image ?? '';
  const platform = flags.text('platform');
  const create = (image: string): Promise<ContainerCreateResponse> =>
    engine.call('POST', '/containers/create', {
      query: { name: flags.text('name'), platform },
      json: { ...request, Image: image },
    });
  if (isLocalModule(name)) return create(await importModule(engine, name));
  const isQuiet = flags.isOn('quiet');
  // Standard output is for the id, or for the program.
  const output = isQuiet ? undefined : terminal.stderr;
  const pull = (): Promise<void> => pullImage(engine, terminal, name, { platform, output });
  if (policy === 'always') await pull();
  try {
    return await create(name);
  } catch (thrown) {
    if (policy !== 'missing' || !isMissing(thrown)) throw thrown;
    if (!isQuiet) {
      const shown = familiarName(parseTagged(name));
      terminal.stderr.write(`Unable to find image '${shown}' locally\n`);
    }
    await pull();
    return create(name);
  }
}

function isMissing(thrown: unknown): boolean {
  return (
    thrown instanceof EngineResponseError &&
    thrown.status === 404 &&
    /No such image|does not provide the specified platform/.test(thrown.message)
  );
}

/** As docker: a file that is there already is somebody else's. */
function reserveCidFile(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx' });
  } catch (thrown) {
    throw new Error(
      `container ID file found, make sure the other container isn't running or delete ${path}`,
      { cause: thrown },
    );
  }
}
