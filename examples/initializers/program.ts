import { parseArgs } from 'node:util';
import { noConnectionFlags, resolveClientConfig } from '../../src/kubeconfig/client-config.ts';
import { connect } from '../../src/kubeconfig/connect.ts';
import { loadKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import { systemClock } from '../../src/system/clock.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { systemRandom } from '../../src/system/random.ts';
import { interruptSignal } from '../../src/system/signals.ts';
import { streamLogger } from '../../src/system/stream-logger.ts';
import { type PodInitializer, runPodInitializer } from './pod-initializer.ts';

/** Flags of an initializer's program. */
export interface ProgramFlags {
  readonly kubeconfig: string;
  readonly context: string;
  readonly image: string;
}

/**
 * Runs an initializer until it is interrupted: against the cluster of a kubeconfig, or inside a pod as its service
 * account.
 * @throws Error for flags that there are not, and for a kubeconfig that cannot be used
 */
export async function runProgram(initializerOf: (flags: ProgramFlags) => PodInitializer): Promise<void> {
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({ options: { kubeconfig: text, context: text, image: text } });
  const { env } = process;
  const cwd = process.cwd();
  const log = streamLogger((line) => process.stderr.write(line), systemClock);
  const signal = interruptSignal(systemClock);
  const kubeconfig = await loadKubeconfig(nodeFileSystem, {
    explicit: values.kubeconfig,
    environment: env['KUBECONFIG'] ?? '',
    home: env['HOME'] ?? '/',
    cwd,
  });
  const flags = { ...noConnectionFlags, context: values.context };
  const client = await connect(await resolveClientConfig(kubeconfig, flags, { files: nodeFileSystem, env, cwd }), {
    files: nodeFileSystem,
    env,
    clock: systemClock,
    standardInput: () => 'no-terminal',
    userAgent: 'kubectl-ts-initializer',
    onWarning: (text) => log.warn(text),
  });
  const initializer = initializerOf(values);
  const running = runPodInitializer({ client, clock: systemClock, random: systemRandom, log }, initializer);
  await running.ready;
  log.info('waiting for pods', { initializer: initializer.name });
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await running.stop();
  await client.close();
}

/** Says what went wrong and sets the exit code. */
export function report(error: unknown): void {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
