import { terminatedExitCode, type ProcessContext } from '../process-context.ts';

/** The program of the image `pause`: it waits until SIGTERM tells it to go, and goes with 0. */
export async function runPause({ signal, signals }: ProcessContext): Promise<number> {
  return untilSignal(signal, signals, () => 0);
}

/** `agnhost pause`: it says so on its output and in the termination message, and goes with 2. */
export async function runAgnhostPause(context: ProcessContext): Promise<number> {
  await context.stdout.write(Buffer.from('Paused\nSignals registered\n'));
  return untilSignal(context.signal, context.signals, async () => {
    const message = Buffer.from('exiting because of signal "terminated"\n');
    const path = context.env.get('TERMINATION_MESSAGE_PATH') ?? '/dev/termination-log';
    context.files.makeFolder(path.slice(0, path.lastIndexOf('/')));
    context.files.writeFile(path, message);
    await context.stdout.write(message);
    return 2;
  });
}

/** Waits until the process is killed, or SIGTERM comes and has been dealt with. */
function untilSignal(
  signal: AbortSignal,
  signals: Map<string, () => void>,
  onTerm: () => number | Promise<number>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    signals.set('TERM', () => void Promise.resolve(onTerm()).then(resolve, reject));
    signal.addEventListener('abort', () => resolve(terminatedExitCode), { once: true });
  });
}
