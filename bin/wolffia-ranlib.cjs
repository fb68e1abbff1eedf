#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as ranlib.
'use strict';

const driver = require('./launch.cjs')('wolffia-ranlib', 'cc.cjs');
if (driver) driver.main('ranlib');
