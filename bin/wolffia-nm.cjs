#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as nm.
'use strict';

require('../dist/cc.cjs').main('nm');
