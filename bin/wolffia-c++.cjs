#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as c++.
'use strict';

require('../dist/cc.cjs').main('c++');
