import { spawnSync } from 'node:child_process';
import { EngineFixture } from '../../e2e/engine-fixture.ts';
import type { Peer, Row } from '../row.ts';

const RUNS = 30;

/** `wolffia run --rm hello-world`, from the command's start to its end, with a daemon that runs. */
export const RUN_HELLO_WORLD: Row = {
  id: 'run-hello-world',
  title: 'run --rm hello-world, end to end',
  unit: 'ms',
  bar: 80,
  measure: async () => {
    await using engine = new EngineFixture();
    for (let run = 0; run < 5; run++) engine.ok('run', '--rm', 'hello-world');
    return Array.from({ length: RUNS }, () =>
      timed(() => void engine.ok('run', '--rm', 'hello-world')),
    );
  },
  peers: ['docker', 'podman'].map(commandPeer),
};

function timed(act: () => void): number {
  const started = performance.now();
  act();
  return performance.now() - started;
}

/** An engine with Docker's command line, when it is there, answers, and has the image. */
function commandPeer(name: string): Peer {
  const run = (): boolean => spawnSync(name, ['run', '--rm', 'hello-world']).status === 0;
  return {
    name,
    absence: () => {
      if (spawnSync(name, ['--version']).status !== 0) return 'not installed';
      if (spawnSync(name, ['info']).status !== 0) return 'no engine answers';
      return run() ? undefined : 'cannot run hello-world';
    },
    measure: async () =>
      Array.from({ length: RUNS }, () =>
        timed(() => {
          if (!run()) throw new Error(`${name} run failed`);
        }),
      ),
  };
}
