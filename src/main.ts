import { join } from 'node:path';
import { runProgram } from './cli/program.ts';
import { commandTable } from './commands/index.ts';
import { systemClock } from './system/clock.ts';
import { nodeFileSystem } from './system/node-file-system.ts';
import { nodeStreams } from './system/node-io-streams.ts';
import { systemRandom } from './system/random.ts';
import { interruptSignal } from './system/signals.ts';

/** What a shell reports for a program that SIGPIPE ended, as it ends the real one. */
const brokenPipeExitCode = 141;

/** Runs the command line of this process in the real world. @returns the exit code */
export function main(): Promise<number> {
  return runProgram(commandTable, process.argv.slice(2), {
    streams: nodeStreams(
      () => process.stdin,
      process.stdout,
      process.stderr,
      () => process.exit(brokenPipeExitCode),
      (error) => {
        process.stderr.write(`error: ${error.message}\n`);
        process.exit(1);
      },
    ),
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    random: systemRandom,
    files: nodeFileSystem,
    signal: interruptSignal(systemClock),
    runInPlace: async (...call) => (await import('./system/child-process.ts')).runInPlace(...call),
    runForOutput: async (...call) => (await import('./system/child-process.ts')).runForOutput(...call),
    keychain: async () => (await import('./system/keychain.ts')).systemKeychain(),
    startProfile: async (...call) => (await import('./system/profiler.ts')).startProfile(...call),
    bundledApi: async () =>
      (await import('./schema-cache/bundled-api.ts')).createBundledApi(
        nodeFileSystem,
        join(import.meta.dirname, 'openapi'),
      ),
  });
}
