#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as cc.
'use strict';

require('../dist/cc.cjs').main('cc');
