import * as assert from 'uvu/assert';
import { packageSuite } from './package-suite.ts';

/** The first run rewrites 75 MB of clang. */
const TIMEOUT_MS = 180_000;

packageSuite('clang', (test, engine) => {
  const shell = (command: string): string => {
    const volume = `${engine.path('src')}:/src`;
    const { stdout } = engine.run(
      ['run', '--rm', '-v', volume, 'clang', 'sh', '-c', `exec 2>&1; ${command}`],
      {
        timeoutMs: TIMEOUT_MS,
      },
    );
    return stdout;
  };

  test('cc hello.c && ./a.out', () => {
    engine.write(
      'src/hello.c',
      '#include <stdio.h>\n#include <unistd.h>\nint main(void) { return printf("hello %d\\n", getpid() > 1) != 8; }\n',
    );
    assert.is(shell('cc hello.c && ./a.out && echo done'), 'hello 1\ndone\n');
  });

  test('several files, a library, C++, processes', () => {
    engine.write('src/twice.c', 'int twice(int value) { return 2 * value; }\n');
    engine.write(
      'src/main.cpp',
      '#include <cstdio>\n#include <vector>\nextern "C" int twice(int);\nint main() { std::vector<int> v{1, 2}; for (int i : v) std::printf("%d\\n", twice(i)); }\n',
    );
    assert.is(
      shell(
        'cc -c twice.c && ar rcs libtwice.a twice.o && c++ main.cpp -L. -ltwice -o twice && ./twice',
      ),
      '2\n4\n',
    );
    engine.write(
      'src/child.c',
      '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { fflush(stdout); return system("echo from the child") >> 8; }\n',
    );
    assert.is(shell('cc -O0 child.c -o child && ./child'), 'from the child\n');
  });

  test('errors, and what is not linked', () => {
    engine.write('src/bad.c', 'int main(void) { return missing; }\n');
    assert.match(
      shell('cc bad.c; echo "exit $?"'),
      /bad\.c:1:25: error: use of undeclared identifier[\s\S]*exit 1/,
    );
    engine.write('src/undefined.c', 'int missing(void);\nint main(void) { return missing(); }\n');
    assert.match(
      shell('cc undefined.c; echo "exit $?"; ls a.out'),
      /undefined symbol: missing[\s\S]*exit 1/,
    );
    assert.is(shell('echo __wolffia__ > m.c; cc -E -P m.c'), '1\n');
    assert.is(shell('cc; echo $?'), 'cc: no input files\n1\n');
  });
});
