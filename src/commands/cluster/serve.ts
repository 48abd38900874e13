import { messageOf } from '../../apimachinery/error-message.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { optimizeSoon } from '../../system/engine.ts';
import { allowWindDown } from '../../system/signals.ts';
import { streamLogger } from '../../system/stream-logger.ts';
import { clusterTarget, dataDirFlag, type ClusterTarget } from './cluster-target.ts';

/** `cluster serve`: the process behind a cluster that `cluster start` starts detached. */
export const clusterServeCommand = defineCommand<ClusterTarget>({
  path: ['cluster', 'serve'],
  usage: '[NAME] [flags]',
  short: 'Run a cluster in the foreground',
  hidden: true,
  flags: [dataDirFlag],
  toOptions: clusterTarget,
  async run({ folder }, context) {
    const { serveCluster } = await import('../../cluster/serve-cluster.ts');
    const { files, clock, random, streams, signal } = context;
    const log = streamLogger(
      (line) => streams.err.write(line),
      clock,
      () => streams.err.flush(),
    );
    let cluster;
    try {
      cluster = await serveCluster({ folder, files, clock, random, log });
    } catch (error) {
      throw new CommandError(messageOf(error));
    }
    optimizeSoon();
    allowWindDown(cluster.longestStopMillis);
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    await cluster.stop();
  },
});
