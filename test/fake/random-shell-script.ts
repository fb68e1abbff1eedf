import { SeededRandom } from './seeded-random.ts';

/** A part of a script: its text, and how many commands it has. */
interface Part {
  readonly text: string;
  readonly commands: number;
}

type Maker = (random: SeededRandom) => Part;

/**
 * A shell script that uses what shells do with processes, descriptors, signals and expansions, and
 * prints what came of it. It depends on nothing but POSIX: every shell is to print the same.
 * Process ids, times and the order of what runs at the same time are never printed.
 *
 * @param commands how many it has, or some more
 */
export function randomShellScript(seed: number, commands: number): string {
  const random = new SeededRandom(seed);
  const parts = [PROLOGUE];
  for (let count = 0; count < commands; ) {
    const part = random.pick(MAKERS)(random);
    parts.push(part.text);
    count += part.commands;
  }
  return `${parts.join('\n')}\necho end\n`;
}

const PROLOGUE = `
work=\${TMPDIR:-/tmp}/shell-$$
mkdir "$work" && cd "$work" || exit 99
trap 'cd /; rm -rf "$work"' EXIT
a=1 b=22 c=333 word=lemma
double() { echo $(($1 * 2)); }
fibonacci() {
  if [ $1 -lt 2 ]; then echo $1; return; fi
  echo $(($(fibonacci $(($1-1))) + $(fibonacci $(($1-2)))))
}
shout() { tr a-z A-Z; }
status() { return $1; }`;

const WORDS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota'];

function words(random: SeededRandom): string {
  return Array.from({ length: random.between(2, 7) }, () => random.pick(WORDS)).join(' ');
}

function number(random: SeededRandom): number {
  return random.between(0, 250);
}

const FILTERS = [
  'sort',
  'sort -r',
  'sort -u',
  'shout',
  'cat',
  'head -n 2',
  'tail -n 2',
  'sed s/a/A/g',
  'grep -v beta',
  'tee copy',
  'cut -c 1-3',
  'tr -d e',
  '{ read first; echo "first $first"; cat; }',
  '(cat; echo tail)',
  'while read line; do echo "<$line>"; done',
];

function filters(random: SeededRandom): Part {
  const chosen = Array.from({ length: random.between(1, 4) }, () => random.pick(FILTERS));
  return { text: chosen.join(' | '), commands: chosen.length };
}

const MAKERS: readonly Maker[] = [
  (random) => {
    const { text, commands } = filters(random);
    return { text: `printf '%s\\n' ${words(random)} | ${text}`, commands: commands + 1 };
  },
  (random) => {
    const { text, commands } = filters(random);
    return {
      text: `c=$(for w in ${words(random)}; do echo $w; done | ${text}); echo "$c"`,
      commands: commands + 4,
    };
  },
  (random) => ({
    text: `a=$(((a * ${number(random)} + b) % 9973)); b=$((a ^ ${number(random)})); echo $a $b`,
    commands: 3,
  }),
  (random) => ({
    text: `(a=${number(random)}; cd /; echo "inside $a $PWD"; exit ${number(random)}); echo "$? $a"`,
    commands: 5,
  }),
  (random) => ({
    text: `(trap 'echo "left with $?"' EXIT; status ${number(random)}; exit $?); echo $?`,
    commands: 4,
  }),
  (random) => {
    const signal = random.pick(['USR1', 'USR2', 'HUP', 'TERM', 'INT']);
    return {
      text: `trap 'echo "caught ${signal} ${number(random)}"' ${signal}; kill -${signal} $$; trap - ${signal}`,
      commands: 4,
    };
  },
  (random) => {
    const signal = random.pick(['KILL', 'TERM', 'HUP', 'USR1', 'PIPE']);
    return { text: `(exec 2>/dev/null; sh -c 'kill -${signal} $$'; echo $?)`, commands: 4 };
  },
  (random) => ({
    text: `sh -c 'trap "echo handled; exit ${number(random)}" TERM; kill -TERM $$; echo never'; echo $?`,
    commands: 5,
  }),
  (random) => ({
    text: `trap '' USR2; sh -c 'kill -USR2 $$; echo ignored ${number(random)}'; trap - USR2`,
    commands: 5,
  }),
  (random) => ({
    text: `{ echo "${words(random)}" > behind; exit ${number(random)}; } & wait $!; echo $?; cat behind`,
    commands: 6,
  }),
  () => ({
    text: `for i in 1 2 3; do (echo "job $i" > out$i) & done; wait; cat out1 out2 out3`,
    commands: 9,
  }),
  () => ({
    text: `(sleep 5; echo late) & kill $!; wait $! 2>/dev/null; echo "ended $?"`,
    commands: 5,
  }),
  (random) => ({
    text: `cat <<END\n$a ${words(random)} $(double ${number(random)}) \\$b \`echo ${number(random)}\`\nEND`,
    commands: 4,
  }),
  (random) => ({
    text: `shout <<'END' | sed 's/^/> /'\n${words(random)} $a $(none)\nEND`,
    commands: 2,
  }),
  (random) => ({
    text: `while read one rest; do echo "$rest:$one"; done <<-END\n\t${words(random)}\n\t${words(random)}\n\tEND`,
    commands: 5,
  }),
  (random) => ({
    text: `echo "${words(random)}" > file; echo "${words(random)}" >> file; cat < file; wc -l < file | tr -d ' '`,
    commands: 5,
  }),
  () => ({
    text: `{ echo out; echo error >&2; echo three >&3; } 3>third 2>&1 | sort; cat third`,
    commands: 5,
  }),
  (random) => ({
    text: `exec 4>four; echo "${words(random)}" >&4; exec 4>&-; exec 5<four; read line <&5; exec 5<&-; echo "$line"`,
    commands: 7,
  }),
  (random) => ({
    text: `case ${random.pick(WORDS)} in a*|b*) echo early;; *eta) echo eta;; ?????) echo five;; *) echo other;; esac`,
    commands: 2,
  }),
  (random) => ({
    text: `set -- ${words(random)}; echo "$# $1 \${2#?} $*"; shift; echo "$@"; set --`,
    commands: 5,
  }),
  (random) => ({
    text: `word=${random.pick(WORDS)}${random.pick(WORDS)}; echo "\${word%a*} \${word%%a*} \${word#*e} \${word##*e} \${#word} \${none:-unset} \${word:+set}"`,
    commands: 2,
  }),
  (random) => ({
    text: `n=${random.between(1, 5)}; until [ $n -eq 0 ]; do n=$((n-1)); [ $n -eq 2 ] && continue; echo $n; done`,
    commands: 8,
  }),
  (random) => ({ text: `fibonacci ${random.between(2, 4)}`, commands: 12 }),
  (random) => ({
    text: `eval "echo \\$((${number(random)} + ${number(random)}))"; x='$a'; eval echo $x`,
    commands: 5,
  }),
  (random) => ({
    text: `false || echo no; true && echo yes; ! true; echo $?; status ${number(random)}; echo $?`,
    commands: 9,
  }),
  (random) => ({
    text: `OPTIND=1; while getopts ab:c o -${random.pick(['a', 'c', 'ac'])} -b ${random.pick(WORDS)}; do echo "$o=$OPTARG"; done`,
    commands: 6,
  }),
  (random) => ({
    text: `IFS=:; set -- ${random.pick(WORDS)}:${random.pick(WORDS)}; x=a:b:c; for i in $x; do echo "[$i]"; done; IFS=' \t\n'`,
    commands: 8,
  }),
  (random) => ({
    text: `mkdir -p d/e; : > d/e/${random.pick(WORDS)}; echo d/*/*; (cd d/e && ls); rm -r d`,
    commands: 6,
  }),
  (random) => ({
    text: `umask 0${random.pick(['22', '27', '77'])}; : > mode; stat -c %a mode; rm mode; umask 022`,
    commands: 5,
  }),
  (random) => ({
    text: `ln -s ${random.pick(WORDS)} link; readlink link; [ -L link ] && echo link; [ -e link ] || echo dangling; rm link`,
    commands: 8,
  }),
  (random) => ({
    text: `echo "$(echo "$(echo "${words(random)}" | shout)" | tr A-Z a-z)" "$(status ${number(random)}; echo $?)"`,
    commands: 7,
  }),
  (random) => ({
    text: `yes ${random.pick(WORDS)} | head -n ${random.between(1, 4)}`,
    commands: 2,
  }),
  (random) => ({
    text: `seq 1 ${random.between(3, 40)} | xargs -n 7 echo; seq 5 | while read n; do echo $((n * n)); done | paste -s -d + -`,
    commands: 9,
  }),
  (random) => ({
    text: `a=${number(random)} sh -c 'echo "$a $0 $1"' name ${random.pick(WORDS)}; env -i b=2 sh -c 'echo "\${a-none} $b"'`,
    commands: 4,
  }),
  (random) => ({
    text: `command -v double; type status | head -n 1; nosuchcommand${number(random)} 2>/dev/null; echo $?`,
    commands: 5,
  }),
  (random) => ({
    text: `(set -e; echo before; false; echo after); echo $?; (set -u; : "$undefined${number(random)}") 2>/dev/null; echo $?`,
    commands: 8,
  }),
];
