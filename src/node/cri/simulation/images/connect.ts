import { isIP } from 'node:net';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { parseDuration } from '../../../../apimachinery/duration.ts';
import { addressOf } from '../http-request.ts';
import { sleep } from '../../../../system/clock.ts';
import type { ProcessContext } from '../process-context.ts';
import { parseFlags } from './program-flags.ts';

/** `agnhost connect HOST:PORT`: whether something takes a connection or answers a datagram or a message of SCTP, in one word when not. */
export async function runConnect(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const flags = parseFlags(words);
  const target = words.findLast((word) => !word.startsWith('-')) ?? '';
  const fail = async (text: string): Promise<number> => {
    await context.stderr.write(Buffer.from(`${text}\n`));
    return 1;
  };
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(target) ?? [];
  if (host === undefined || port === undefined) return fail(`UNKNOWN: address ${target}: missing port in address`);
  const address = isIP(host) > 0 ? host : await addressOf(context, host);
  if (address === undefined) return fail(`DNS: lookup ${host}: no such host`);
  const protocol = flags.get('protocol') ?? 'tcp';
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) return fail(`Unsupported protocol\n${protocol}`);
  const payload = Buffer.from(`${flags.get(`${protocol}-data`) ?? 'hostname'}\n`);
  const attempt = async (): Promise<boolean> => {
    if (protocol !== 'tcp') {
      const kind = protocol === 'udp' ? 'UDP' : 'SCTP';
      return (await context.sendDatagram(address, Number(port), payload, kind)) !== undefined;
    }
    (await context.dial(address, Number(port))).destroy();
    return true;
  };
  try {
    if (await attempt()) return 0;
    return await late(context, flags, fail);
  } catch (error) {
    const text = messageOf(error);
    if (text.includes('connection refused')) return fail(protocol === 'sctp' ? 'OTHER: connection refused' : 'REFUSED');
    return text.includes('timeout') ? late(context, flags, fail) : fail(`OTHER: ${text}`);
  }
}

/** Nothing comes: that is known when the time is up. */
async function late(
  { clock, signal }: ProcessContext,
  flags: ReadonlyMap<string, string>,
  fail: (text: string) => Promise<number>,
): Promise<number> {
  await sleep(clock, parseDuration(flags.get('timeout') ?? '0s'), signal);
  return fail('TIMEOUT');
}
