import type { ProcessContext } from './process-context.ts';

/** Where `nc -u` sends to. */
export interface DatagramTarget {
  /** As it was named. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** How long to wait for what comes back; 0 for no end. */
  readonly seconds: number;
  /** Short flags, together. */
  readonly flags: string;
}

/** `nc -u`: its input goes out in datagrams, and what comes back is its output. @returns its exit code */
export async function exchangeDatagrams(context: ProcessContext, target: DatagramTarget): Promise<number> {
  const { host, address, port, flags } = target;
  const { stdin, stdout, stderr, signal, sendDatagram } = context;
  // That nobody takes datagrams cannot be seen from here.
  if (flags.includes('v')) await stderr.write(Buffer.from(`Connection to ${host} ${port} port [udp/*] succeeded!\n`));
  if (flags.includes('z')) return 0;
  for await (const chunk of stdin.chunks(signal)) {
    const answer = await sendDatagram(address, port, chunk).catch(() => undefined);
    if (answer !== undefined) await stdout.write(answer);
  }
  return 0;
}
