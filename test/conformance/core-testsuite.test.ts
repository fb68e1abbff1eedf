import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { printTotals, runSuite, type SuiteTotals } from './core-testsuite.ts';
import { WASM_TOOLS_PACKAGE } from './script-assembler.ts';

const SUITE_VARIABLE = 'WOLFFIA_CORE_TESTSUITE';
const TOOLS_VARIABLE = 'WOLFFIA_WASM_TOOLS';

async function run(directory: string): Promise<{ totals: SuiteTotals; output: string }> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const totals = await runSuite(directory, process.env[TOOLS_VARIABLE], [], true, print);
  printTotals(totals, print);
  return { totals, output: lines.join('\n') };
}

test('our own scripts run alike plain and metered, and as they say', async () => {
  const { totals, output } = await run(new URL('scripts', import.meta.url).pathname);
  assert.ok(totals.files >= 15 && totals.commands >= 200, output);
  assert.is(totals.same, totals.commands, output);
  assert.is(totals.unexpected, 0, output);
  assert.ok(totals.yields > 1000, `${totals.yields} yields: slices were not used up`);
});

const suite = process.env[SUITE_VARIABLE];
if (suite === undefined) {
  console.log(
    `skipped: the WebAssembly core testsuite: ${SUITE_VARIABLE} names no directory with it ` +
      '(git clone https://github.com/WebAssembly/testsuite; most of it needs ' +
      `npm install --no-save ${WASM_TOOLS_PACKAGE} in this repository or in a directory ` +
      `that ${TOOLS_VARIABLE} names)`,
  );
} else {
  test('the core testsuite runs alike plain and metered', async () => {
    const { totals, output } = await run(suite);
    assert.ok(totals.commands > 0, `no script in ${suite}`);
    assert.is(totals.different, 0, output);
  });
}

test.run();
