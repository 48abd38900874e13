import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 keep undici's HTTP parser as it compiled it first. Node 20 otherwise spends 100 to 200 ms of CPU on it in the
 * background, soon after the first answers, and holds up the exit for it; later versions judge better. Call it before a
 * module is made.
 */
export function keepWebAssemblyUnoptimized(): void {
  if (process.version.startsWith('v20.')) setFlagsFromString('--liftoff-only');
}

/**
 * Makes V8 optimize only what runs nine times as long as by default, for processes that end soon: of the CPU that
 * `apply` takes for 500 objects a sixth went into code that was hardly used afterwards.
 */
export function optimizeLate(): void {
  setInterruptBudget(600_000);
}

/**
 * Makes V8 optimize what has run half as long as by default, for processes that stay: a new cluster takes a tenth more
 * creates, and starts a twentieth later.
 */
export function optimizeSoon(): void {
  setInterruptBudget(30_000);
}

/** V8 would tell of a flag that it does not know: only versions of Node that have it are told. */
function setInterruptBudget(bytecodes: number): void {
  if (/^v2[0-4]\./.test(process.version)) setFlagsFromString(`--interrupt-budget=${bytecodes}`);
}
