// What all commands of bin/ begin with: it finds the bundle, and says what is wrong when it cannot. Kept in the syntax of
// old Nodes, so that they, too, say it.
'use strict';

const os = require('node:os');
const path = require('node:path');
const fs = require('node:fs');

const LEAST_MAJOR = 20;

/** Loads dist/`bundle`; answers what it exports, or nothing when it cannot be loaded. */
module.exports = function load(command, bundle) {
  const major = Number(process.versions.node.split('.')[0]);
  const program = path.join(__dirname, '..', 'dist', bundle);
  if (major < LEAST_MAJOR) {
    fail(command + ' needs Node ' + LEAST_MAJOR + ' or newer; this is ' + process.version);
  } else if (!fs.existsSync(program)) {
    fail(command + ' has not been built: run "npm run build" in ' + path.join(__dirname, '..'));
  } else {
    keepCompiled();
    return require(program);
  }
};

/** Newer Nodes can keep the code that they compiled for the next start; it saves a tenth of it. */
function keepCompiled() {
  const enable = require('node:module').enableCompileCache;
  if (typeof enable !== 'function' || process.env.NODE_COMPILE_CACHE) return;
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  enable(path.join(caches, 'wolffia', 'compiled'));
}

function fail(message) {
  process.stderr.write(message + '\n');
  process.exitCode = 1;
}
