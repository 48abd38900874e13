import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ProgramWorld, runProgram } from '../../src/cli/program.ts';
import { commandTable } from '../../src/commands/index.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { memoryIOStreams } from '../../src/system/memory-io-streams.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';

export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs command lines one after the other in a home folder of their own, which goes when the test ends. */
export interface CommandRunner {
  readonly home: string;
  readonly run: (...argv: string[]) => Promise<CommandOutcome>;
  /** Runs one with standard input, or with a world that differs in more. */
  readonly runWith: (
    world: Partial<ProgramWorld> & { readonly input?: string | Uint8Array },
    ...argv: string[]
  ) => Promise<CommandOutcome>;
}

/** Makes a runner. @param world what differs from the ordinary, such as access to a server in this process */
export function commandRunner(context: TestContext, world: Partial<ProgramWorld> = {}): CommandRunner {
  const home = mkdtempSync(join(tmpdir(), 'kubectl-ts-command-'));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  const runner: CommandRunner = {
    home,
    run: (...argv) => runner.runWith({}, ...argv),
    async runWith({ input = '', ...special }, ...argv) {
      const streams = memoryIOStreams(input);
      const exitCode = await runProgram(commandTable, argv, {
        streams,
        env: { HOME: home },
        cwd: home,
        clock: new FakeClock(),
        random: seededRandom(1),
        files: nodeFileSystem,
        signal: new AbortController().signal,
        ...world,
        ...special,
      });
      return { exitCode, stdout: streams.stdout, stderr: streams.stderr };
    },
  };
  return runner;
}
