#!/usr/bin/env node
// Launches the C compiler's driver (src/main/cc.ts) as nm.
'use strict';

const driver = require('./launch.cjs')('wolffia-nm', 'cc.cjs');
if (driver) driver.main('nm');
