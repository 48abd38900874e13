import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 optimize what has run half as long as by default, for processes that stay: a new cluster takes a tenth more
 * creates. Call it when everything is loaded, as compiled forms hold only under the flags they were made with (see
 * bin/load-compiled.js). V8 would tell of a flag that it does not know: only versions of Node that have it are told.
 */
export function optimizeSoon(): void {
  if (/^v2[0-4]\./.test(process.version)) setFlagsFromString('--interrupt-budget=30000');
}
