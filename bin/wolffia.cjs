#!/usr/bin/env node
// The launcher: runs the command line in place. Kept in the syntax of old Nodes, so that they, too, say what is wrong.
'use strict';

const os = require('node:os');
const path = require('node:path');
const fs = require('node:fs');

const LEAST_MAJOR = 20;
const major = Number(process.versions.node.split('.')[0]);
const program = path.join(__dirname, '..', 'dist', 'wolffia.cjs');

if (major < LEAST_MAJOR) {
  fail('wolffia needs Node ' + LEAST_MAJOR + ' or newer; this is ' + process.version);
} else if (!fs.existsSync(program)) {
  fail('wolffia has not been built: run "npm run build" in ' + path.join(__dirname, '..'));
} else {
  keepCompiled();
  require(program);
}

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
