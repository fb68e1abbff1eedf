#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as ar.
'use strict';

const driver = require('./launch.cjs')('wolffia-ar', 'cc.cjs');
if (driver) driver.main('ar');
