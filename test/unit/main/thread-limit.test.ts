import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { threadLimit } from '../../../src/main/thread-limit.ts';

const FLAGS = ['--stack-size=7000', '--wasm-stack-switching-stack-size=7000'];
const STACK_BYTES = 7000 * 1024;

const LIMITS = (
  data: string,
): string => `Limit                     Soft Limit           Hard Limit           Units
Max file size             unlimited            unlimited            bytes
Max data size             ${data}           ${data}           bytes
Max stack size            8388608              unlimited            bytes
`;

const machine =
  (files: Readonly<Record<string, string>>) =>
  (path: string): string =>
    files[path] ?? '';

test('the stacks of all threads fit into what the process may have', () => {
  const files = {
    '/proc/self/limits': LIMITS('7168000000'),
    '/proc/sys/vm/max_map_count': '65530\n',
  };
  const limit = threadLimit(FLAGS, machine(files));
  assert.is(limit, 700);
  assert.ok(limit * STACK_BYTES < 7_168_000_000);
  assert.is(threadLimit(['--x'], machine(files)), 4979, "V8's own stacks are smaller");
});

test('without a limit of data mappings are the limit', () => {
  const files = {
    '/proc/self/limits': LIMITS('unlimited'),
    '/proc/sys/vm/max_map_count': '65530\n',
  };
  assert.is(threadLimit(FLAGS, machine(files)), 9_174);
});

test('where nothing is known there are thousands', () => {
  assert.is(threadLimit(FLAGS, machine({})), 4000);
});

test.run();
