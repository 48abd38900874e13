import { isIP, isIPv4 } from 'node:net';
import { CommandError } from '../../cli/command.ts';

/** A local port (0 for a free one) and the pod's. */
export interface ForwardedPort {
  readonly local: number;
  readonly remote: number;
}

/** An address to listen on. */
export interface ListenAddress {
  readonly address: string;
  readonly protocol: 'tcp4' | 'tcp6';
  /** Of those that `localhost` stands for one is enough. */
  readonly isLocalhost: boolean;
}

/** Reads `5000`, `8888:5000` and `:5000`. @throws CommandError */
export function parsePorts(texts: readonly string[]): readonly ForwardedPort[] {
  return texts.map((text) => {
    const parts = text.split(':');
    if (parts.length > 2) throw new CommandError(`invalid port format '${text}'`);
    const [first = '', second] = parts;
    const local = parsePort('local', second !== undefined && first === '' ? '0' : first);
    const remote = parsePort('remote', second ?? first);
    if (remote === 0) throw new CommandError('remote port must be > 0');
    return { local, remote };
  });
}

function parsePort(side: 'local' | 'remote', text: string): number {
  const problem = !/^\d+$/.test(text) ? 'invalid syntax' : Number(text) > 0xffff ? 'value out of range' : undefined;
  if (problem === undefined) return Number(text);
  throw new CommandError(
    `error parsing ${side} port '${text}': strconv.ParseUint: parsing ${JSON.stringify(text)}: ${problem}`,
  );
}

/** What --address means, in a fixed order. @throws CommandError */
export function listenAddresses(texts: readonly string[]): readonly ListenAddress[] {
  if (texts.length === 0) throw new CommandError('you must specify at least 1 address');
  const found = new Map<string, ListenAddress>();
  for (const text of texts) {
    if (text === 'localhost') {
      for (const address of ['127.0.0.1', '::1']) {
        if (!found.has(address)) found.set(address, { address, protocol: protocolOf(address), isLocalhost: true });
      }
    } else if (isIP(text) !== 0) {
      found.set(text, { address: text, protocol: protocolOf(text), isLocalhost: false });
    } else {
      throw new CommandError(`${text} is not a valid IP`);
    }
  }
  return [...found.values()].toSorted((left, right) => (left.address < right.address ? -1 : 1));
}

function protocolOf(address: string): 'tcp4' | 'tcp6' {
  return isIPv4(address) ? 'tcp4' : 'tcp6';
}
