import { ExecError, interruptedExitCode, type ProcessContext } from './process-context.ts';

/** Runs a program for a shell, which Ctrl-C ends before the shell. @returns its code; 126 or 127 when there is none */
export async function runProgram(args: readonly string[], context: ProcessContext): Promise<number> {
  const [name = ''] = args;
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  if (context.interactive) context.interrupts.add(interrupt);
  try {
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const code = await context.findProgram(name)({ ...context, args, signal });
    return stop.signal.aborted ? interruptedExitCode : code;
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const why = error.exitCode === 126 ? 'Permission denied' : 'not found';
    await context.stderr.write(Buffer.from(`sh: ${name}: ${why}\n`));
    return error.exitCode;
  } finally {
    context.interrupts.delete(interrupt);
  }
}
