#!/usr/bin/env node
// Launches the command line (src/main/cli.ts), which runs when it is loaded.
'use strict';

require('./launch.cjs')('wolffia', 'wolffia.cjs');
