// Runs files of dist/ from their compiled forms, which the build writes beside them. CommonJS, like kubectl-ts.js.
'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

/**
 * What V8 is told before anything is compiled: it takes a compiled form only under the flags that it was made with.
 *
 * - Only what runs nine times as long as by default is optimized, for most processes end soon: of the CPU that `apply`
 *   takes for 500 objects a sixth went into code that was hardly used afterwards.
 * - undici's HTTP parser stays as it is compiled first. Node 20 otherwise spends 100 to 200 ms of CPU on it in the
 *   background, soon after the first answers, and holds up the exit for it.
 *
 * V8 tells on standard error of a flag that it does not know, and the one for the first went with Node 22, which has an
 * optimizing compiler in between that costs little; it judges better of the second, too.
 */
function setEngineFlags() {
  if (!process.version.startsWith('v20.')) return;
  setFlagsFromString('--interrupt-budget=600000');
  setFlagsFromString('--liftoff-only');
}

/** A file as the function that Node makes of a CommonJS module. */
function wrapped(text) {
  return `(function (exports, require, module, __filename, __dirname) { ${text}\n});`;
}

/** Told of each file that is loaded; set by the build, which writes the compiled forms. */
const hooks = { onLoaded: undefined };

/** Runs a file as a CommonJS module. The text is read beside the compiled form: V8 asks for it. */
function loadCompiled(file, module, require) {
  const source = wrapped(readFileSync(file, 'utf8'));
  let cachedData;
  try {
    cachedData = readFileSync(`${file}c`);
  } catch {
    // Not written: it is compiled now.
  }
  const script = new Script(source, { filename: file, cachedData });
  hooks.onLoaded?.(file, script);
  const run = script.runInThisContext();
  run.call(module.exports, module.exports, require, module, file, path.dirname(file));
}

module.exports = { hooks, loadCompiled, setEngineFlags, wrapped };
