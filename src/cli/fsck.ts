import { humanSize } from '../base/human-size.ts';
import { FSCK_PATH, type FsckMessage } from '../wire/disk-usage.ts';
import { MAX_JSON_MESSAGE_BYTES } from '../wire/json-message.ts';
import type { Command } from './command.ts';
import { printable } from './printable.ts';
import { readLines } from './read-progress.ts';
import { shortId } from './shown-values.ts';
import type { OutputStream } from './terminal.ts';

export const SYSTEM_FSCK: Command = {
  name: 'system fsck',
  usage: '[OPTIONS]',
  summary: 'Read all content of images, and tell what is damaged, missing or left over',
  flags: [{ name: 'quiet', short: 'q', kind: 'boolean', summary: 'Only show what was found' }],
  arguments: { least: 0, most: 0 },
  run: async ({ engine, terminal }, flags) => {
    const { stdout } = terminal;
    const isQuiet = flags.isOn('quiet');
    const position = new Position(isQuiet ? undefined : stdout);
    const response = await engine.stream('GET', FSCK_PATH);
    const counts = { loss: 0, note: 0 };
    let done: FsckMessage['Done'];
    for await (const line of readLines(response, MAX_JSON_MESSAGE_BYTES)) {
      const message: FsckMessage = JSON.parse(line);
      if (message.Error !== undefined) throw new Error(`the check failed: ${message.Error}`);
      if (message.Checking) position.show(message.Checking);
      if (message.Finding) {
        const { Severity, Subject, Message } = message.Finding;
        counts[Severity] += 1;
        position.clear();
        stdout.write(`${Severity}: ${printable(`${Subject}: ${Message}`)}\n`);
      }
      done = message.Done;
    }
    position.clear();
    if (!done) throw new Error('the check was broken off: the daemon has gone');
    if (!isQuiet) {
      stdout.write(
        `Checked ${done.Checked} pieces of content, ${humanSize(done.Size)}: ${counts.loss} losses, ${counts.note} notes\n`,
      );
    }
    return counts.loss > 0 ? 1 : 0;
  },
};

/** What is looked at, on the last line of a terminal; nothing elsewhere. */
class Position {
  readonly #output: OutputStream | undefined;
  #count = 0;
  #isShown = false;

  constructor(output: OutputStream | undefined) {
    this.#output = output?.isTTY ? output : undefined;
  }

  show({ Digest, Size }: NonNullable<FsckMessage['Checking']>): void {
    this.#count += 1;
    this.clear();
    this.#output?.write(`Checking ${shortId(Digest)} (${this.#count}, ${humanSize(Size)})`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) this.#output?.write('\r\u001b[2K');
    this.#isShown = false;
  }
}
