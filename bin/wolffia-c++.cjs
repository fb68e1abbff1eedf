#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as c++.
'use strict';

const driver = require('./launch.cjs')('wolffia-c++', 'cc.cjs');
if (driver) driver.main('c++');
