import {
  decodeDnsQuery,
  type DnsAnswer,
  type DnsQuestion,
  encodeDnsAnswer,
} from '../../src/apimachinery/dns-message.ts';
import type { DnsRecord, DnsType } from '../../src/apimachinery/dns-record.ts';
import { MemoryFiles } from '../../src/node/cri/simulation/memory-files.ts';
import { resolveName } from '../../src/node/cri/simulation/name-resolver.ts';

/** What a name server sends back for a datagram. */
export function answerDatagram(
  payload: Uint8Array,
  answer: (question: DnsQuestion) => DnsAnswer,
): Uint8Array | undefined {
  const query = decodeDnsQuery(payload);
  return query === undefined ? undefined : encodeDnsAnswer(query, answer(query));
}

/** Looks names up as a container with these lines in /etc/resolv.conf does; its name servers answer by address. */
export function testResolver(
  lines: readonly string[],
  servers: Readonly<Record<string, (question: DnsQuestion) => DnsAnswer>>,
): (name: string, type: DnsType) => Promise<readonly DnsRecord[]> {
  const files = new MemoryFiles(() => 0);
  files.makeFolder('/etc');
  files.writeFile('/etc/resolv.conf', Buffer.from(`${lines.join('\n')}\n`));
  const sendDatagram = async (address: string, port: number, payload: Uint8Array): Promise<Uint8Array | undefined> => {
    const answer = port === 53 ? servers[address] : undefined;
    return answer === undefined ? undefined : answerDatagram(payload, answer);
  };
  return (name, type) => resolveName({ files, random: () => 0.5, sendDatagram }, name, type);
}
