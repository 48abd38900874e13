import { sleep } from '../../../../system/clock.ts';
import { parseDuration } from '../../../../apimachinery/duration.ts';
import { killedExitCode, type ProcessContext } from '../process-context.ts';
import { parseFlags } from './program-flags.ts';

const methods = ['GET', 'POST', 'PUT'];
const namespaces = ['kube-system', 'default', 'ns'];
const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** `agnhost logs-generator`: so many lines over so much time, like those of an API server, with klog's head. */
export async function runLogsGenerator(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const total = Number(flags.get('log-lines-total') ?? flags.get('t') ?? 0);
  const millis = readMillis(flags.get('run-duration') ?? flags.get('d') ?? '0s');
  if (!(total > 0)) return refuse(context, `Invalid total number of lines: ${total}`);
  if (!(millis > 0)) return refuse(context, 'Invalid duration: 0s');
  for (let line = 0; line < total; line++) {
    await context.stderr.write(
      Buffer.from(`I${klogTime(context.clock.now())}       1 logs_generator.go:76] ${line} ${content(context)}\n`),
    );
    if (!(await sleep(context.clock, millis / total, context.signal))) return killedExitCode;
  }
  return 0;
}

async function refuse({ clock, stderr }: ProcessContext, reason: string): Promise<number> {
  await stderr.write(Buffer.from(`F${klogTime(clock.now())}       1 logs_generator.go:64] ${reason}\n`));
  return 255;
}

function readMillis(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return 0;
  }
}

/** `1128 13:05:09.123456`. */
function klogTime(now: number): string {
  const [, month = '', day = '', time = ''] = /^\d+-(\d+)-(\d+)T([\d:.]+)Z$/.exec(new Date(now).toISOString()) ?? [];
  return `${month}${day} ${time}000`;
}

function content({ random }: ProcessContext): string {
  const below = (end: number): number => Math.floor(random() * end);
  const name = Array.from({ length: 3 + below(2) }, () => letters[below(letters.length)] ?? '').join('');
  const url = `/api/v1/namespaces/${namespaces[below(namespaces.length)] ?? ''}/pods/${name}`;
  return `${methods[below(methods.length)] ?? ''} ${url} ${200 + below(400)}`;
}
