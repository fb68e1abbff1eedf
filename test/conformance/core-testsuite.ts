import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAssembler } from './script-assembler.ts';
import { runScript, type ScriptResult } from './script-runner.ts';
import { assembleSpectest } from './spectest.ts';

// Runs WebAssembly's core testsuite plain and metered, and compares.
//   node test/conformance/core-testsuite.ts DIRECTORY [--tools DIRECTORY] [--verbose] [PART…]
// The suite: git clone https://github.com/WebAssembly/testsuite
// The tools (most files need them): npm install --no-save @bytecodealliance/jco-transpile, here or
// in the directory that --tools names.

const SLICE = 97;
const MAX_SHOWN = 10;

export interface SuiteTotals {
  readonly files: number;
  readonly commands: number;
  readonly same: number;
  readonly different: number;
  readonly refused: ReadonlyMap<string, number>;
  readonly textOnly: number;
  readonly unexpected: number;
  readonly yields: number;
}

/** Runs the files of a directory, deep; each one's row goes to `print` as it ends. */
export async function runSuite(
  directory: string,
  toolsDirectory: string | undefined,
  parts: readonly string[],
  isVerbose: boolean,
  print: (line: string) => void,
): Promise<SuiteTotals> {
  const assemble = await openAssembler(toolsDirectory);
  const spectest = [await assembleSpectest(true), await assembleSpectest(false)] as const;
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.wast'))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
  const totals = { commands: 0, same: 0, different: 0, textOnly: 0, unexpected: 0, yields: 0 };
  const refused = new Map<string, number>();
  print(row(['file', 'commands', 'same', 'different', 'refused', 'text', 'not V8']));
  for (const file of files) {
    const text = readFileSync(join(directory, file), 'utf8');
    const result = await runScript(text, { assemble, spectest, slice: SLICE });
    printScript(file, result, isVerbose, print);
    totals.commands += result.commands;
    totals.same += result.same;
    totals.different += result.differences.length;
    totals.textOnly += result.textOnly;
    totals.unexpected += result.unexpected.length;
    totals.yields += result.yields;
    for (const [reason, count] of result.refused) {
      refused.set(reason, (refused.get(reason) ?? 0) + count);
    }
  }
  return { files: files.length, ...totals, refused };
}

function printScript(
  file: string,
  result: ScriptResult,
  isVerbose: boolean,
  print: (line: string) => void,
): void {
  const { commands, same, differences, textOnly, unexpected } = result;
  const refused = [...result.refused.values()].reduce((sum, count) => sum + count, 0);
  print(row([file, commands, same, differences.length, refused, textOnly, unexpected.length]));
  for (const difference of differences.slice(0, isVerbose ? undefined : MAX_SHOWN)) {
    print(`  DIFFERENT ${file} ${difference}`);
  }
  for (const [reason, count] of result.refused) print(`  refused ${count}: ${reason}`);
  if (!isVerbose) return;
  for (const line of unexpected) print(`  not V8 ${file} ${line}`);
}

function row(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, index) => (index === 0 ? String(cell).padEnd(52) : String(cell).padStart(10)))
    .join('');
}

export function printTotals(totals: SuiteTotals, print: (line: string) => void): void {
  const { files, commands, same, different, textOnly, unexpected, yields } = totals;
  for (const [reason, count] of totals.refused) print(`refused ${count}: ${reason}`);
  const refused = [...totals.refused.values()].reduce((sum, count) => sum + count, 0);
  print(
    `${files} files, ${commands} commands: ${same} same, ${different} different, ` +
      `${refused} refused, ${textOnly} settled by the text; ` +
      `${unexpected} where V8 itself is not the suite's; ${yields} yields ` +
      `(Node ${process.versions.node})`,
  );
}

async function main(args: readonly string[]): Promise<void> {
  const toolsAt = args.indexOf('--tools');
  const tools = toolsAt < 0 ? undefined : args[toolsAt + 1];
  const isVerbose = args.includes('--verbose');
  const [directory, ...parts] = args.filter(
    (arg, index) => arg !== '--verbose' && (toolsAt < 0 || (index - toolsAt) >> 1 !== 0),
  );
  if (directory === undefined) {
    process.stderr.write('usage: core-testsuite.ts DIRECTORY [--tools DIRECTORY] [PART…]\n');
    process.exitCode = 2;
    return;
  }
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const totals = await runSuite(directory, tools, parts, isVerbose, print);
  printTotals(totals, print);
  process.exitCode = totals.different > 0 || totals.files === 0 ? 1 : 0;
}

if (import.meta.main) await main(process.argv.slice(2));
