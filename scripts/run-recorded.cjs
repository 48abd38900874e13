// Runs one command line like bin/kubectl-ts.js, and writes the compiled forms of what it loaded as they are at its end,
// with the functions that were called.
'use strict';

const { writeFileSync } = require('node:fs');
const { hooks } = require('../bin/load-compiled.js');

const loaded = new Map();
hooks.onLoaded = (file, script) => loaded.set(file, script);
process.once('exit', () => {
  for (const [file, script] of loaded) writeFileSync(`${file}c`, script.createCachedData());
});
require('../bin/kubectl-ts.js');
