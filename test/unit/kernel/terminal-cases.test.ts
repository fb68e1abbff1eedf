import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TERMINAL_CASES } from '../../fake/terminal-cases.ts';
import { TerminalPlayer } from '../../fake/terminal-player.ts';

for (const [name, steps] of Object.entries(TERMINAL_CASES)) {
  test(`as on Linux: ${name}`, () => {
    const player = new TerminalPlayer();
    for (const step of steps) assert.equal(player.play(step), step);
  });
}

test.run();
