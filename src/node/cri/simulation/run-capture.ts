import type { ProcessContext } from './process-context.ts';
import { runProgram } from './run-program.ts';
import { KeptOutput } from './shell-pipes.ts';
import { ProcessInput } from './process-input.ts';

/** Runs a command and keeps all that it writes. */
export async function runCapture(
  context: ProcessContext,
  args: readonly string[],
): Promise<{ readonly output: string; readonly exitCode: number }> {
  const kept = new KeptOutput();
  const streams = { stdin: new ProcessInput(), stdout: kept, stderr: kept, signals: new Map<string, () => void>() };
  const exitCode = await runProgram(args, { ...context, ...streams });
  return { output: kept.bytes().toString('utf8'), exitCode };
}
