import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../../../images/busybox/kconfig.ts';

const test = suite('images/busybox/kconfig');

const TEXT = `
config LS
	bool "ls"
	default y

config FEATURE_LS_COLOR
	bool "colours"
	default y
	depends on LS && !(PLAIN || NOTHING)

config PLAIN
	bool
	default n

config WIDTH
	int "columns"
	default 80

choice
	prompt "which"
	default SECOND

config FIRST
	bool "first"

config SECOND
	bool "second"
	select HELPER

endchoice

config HELPER
	bool
`;

function values(overrides: Record<string, string>, wanted: (name: string) => boolean | undefined) {
  return Object.fromEntries(configure([TEXT], overrides, wanted));
}

test('defaults, dependencies, choices and what they select', () => {
  assert.equal(
    values({}, () => undefined),
    {
      LS: 'y',
      FEATURE_LS_COLOR: 'y',
      PLAIN: 'n',
      WIDTH: '80',
      FIRST: 'n',
      SECOND: 'y',
      HELPER: 'y',
      // Asked about, and nowhere described.
      NOTHING: 'n',
    },
  );
});

test('a command that is not wanted takes its features along; what is set is so', () => {
  const unwanted = values({ WIDTH: '132' }, (name) => (name === 'LS' ? false : undefined));
  assert.is(unwanted['FEATURE_LS_COLOR'], 'n');
  assert.is(unwanted['WIDTH'], '132');
  assert.is(values({ PLAIN: 'y' }, () => undefined)['FEATURE_LS_COLOR'], 'n');
});

test.run();
