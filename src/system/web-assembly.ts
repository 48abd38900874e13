import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 wait longer before it optimizes WebAssembly. Node 20 otherwise spends 150 to 200 ms of CPU on undici's HTTP
 * parser at the first answer and holds up the exit for it; later versions judge better. Call it before a module is made.
 */
export function delayWebAssemblyOptimization(): void {
  if (process.version.startsWith('v20.')) setFlagsFromString('--wasm-tiering-budget=100000000');
}
