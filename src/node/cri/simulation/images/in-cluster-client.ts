import { createHash } from 'node:crypto';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { klogLine } from '../../../../system/klog.ts';
import { sleep } from '../../../../system/clock.ts';
import { killedExitCode, type ProcessContext } from '../process-context.ts';
import { askApi, inClusterConfig } from './in-cluster-api.ts';
import { parseFlags } from './program-flags.ts';

/** `agnhost inclusterclient`: asks the API server again and again, and says by a hash with which token. */
export async function runInClusterClient(context: ProcessContext): Promise<number> {
  const { clock, signal, stderr } = context;
  const millis = Number(parseFlags(context.args.slice(1)).get('poll-interval') ?? 30) * 1000;
  const say = (severity: 'I' | 'E', text: string): Promise<void> =>
    stderr.write(Buffer.from(klogLine(severity, clock.now(), 'main.go:60', text)));
  await say('I', 'started');
  while (await sleep(clock, millis, signal)) {
    await say('I', 'calling /healthz');
    try {
      // The token is read anew each time, as it is changed while it is used.
      const config = inClusterConfig(context);
      const hash = createHash('sha256').update(`salt|Bearer ${config.token}`).digest('base64url');
      await say('I', `authz_header=${hash}`);
      const { status, body } = await askApi(context, config, '/healthz');
      if (status !== 200) throw new Error(body.toString('utf8'));
    } catch (error) {
      await say('E', 'status=failed');
      await say('E', `error checking /healthz: ${messageOf(error)}`);
    }
  }
  return killedExitCode;
}
