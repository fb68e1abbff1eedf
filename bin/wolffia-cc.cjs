#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as cc.
'use strict';

const driver = require('./launch.cjs')('wolffia-cc', 'cc.cjs');
if (driver) driver.main('cc');
