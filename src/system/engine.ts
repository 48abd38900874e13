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
 * Makes V8 optimize only what runs so many times as long as by default. Of the CPU that `apply` takes for 500 objects a
 * sixth went into code that was hardly used afterwards (nine times as long ends that), and a cluster that has just started
 * spent as much on optimizing as on answering (three times as long: a tenth less of creates for a while, later the same).
 * V8 would tell of a flag that it does not know: only versions of Node that have it are told.
 */
export function optimizeLate(factor: 3 | 9): void {
  if (/^v2[0-4]\./.test(process.version)) setFlagsFromString(`--interrupt-budget=${Math.round(factor * 66_000)}`);
}
