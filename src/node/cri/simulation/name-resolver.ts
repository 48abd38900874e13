import { decodeDnsAnswer, type DnsAnswer, encodeDnsQuery } from '../../../apimachinery/dns-message.ts';
import type { DnsRecord, DnsType } from '../../../apimachinery/dns-record.ts';
import type { ProcessContext } from './process-context.ts';

/** What of a process is needed to look names up. */
export type ResolvingContext = Pick<ProcessContext, 'files' | 'random' | 'sendDatagram'>;

/** Where name servers take queries. */
export const dnsPort = 53;

/** What /etc/resolv.conf says. */
interface ResolverSettings {
  readonly servers: readonly string[];
  /** Domains that are tried behind a name. */
  readonly searches: readonly string[];
  /** A name with so many dots is tried as it is first. */
  readonly dots: number;
}

/** The C library asks no more of them. */
const mostServers = 3;
const mostDots = 15;

/**
 * The records of a name as a container's C library finds them, by its /etc/resolv.conf: of the first name of the search
 * list that has any. Waits for no server that does not answer.
 */
export async function resolveName(
  context: ResolvingContext,
  name: string,
  type: DnsType,
): Promise<readonly DnsRecord[]> {
  const { servers, searches, dots } = readSettings(context);
  const bare = name.replace(/\.$/, '');
  const searched = searches.map((domain) => `${bare}.${domain.replace(/\.$/, '')}`);
  const isWhole = bare.split('.').length > dots;
  const names = name.endsWith('.') ? [bare] : isWhole ? [bare, ...searched] : [...searched, bare];
  for (const candidate of names) {
    const answer = await askServers(context, servers, candidate, type);
    if (answer !== undefined && answer.records.length > 0) return answer.records;
  }
  return [];
}

/** Asks one name server after the other for the records of one name. @returns the first answer that is not about its own trouble */
export async function askServers(
  { random, sendDatagram }: ResolvingContext,
  servers: readonly string[],
  name: string,
  type: DnsType,
  port = dnsPort,
): Promise<DnsAnswer | undefined> {
  let failed: DnsAnswer | undefined;
  for (const server of servers) {
    const id = Math.floor(random() * 0x1_00_00);
    let query;
    try {
      query = encodeDnsQuery(id, { name: `${name.replace(/\.$/, '')}.`, type });
    } catch {
      // What cannot be asked is nobody's name.
      return { code: 'NXDOMAIN', records: [] };
    }
    const bytes = await sendDatagram(server, port, query).catch(() => undefined);
    const answer = bytes === undefined ? undefined : decodeDnsAnswer(bytes, id);
    if (answer?.code === 'NOERROR' || answer?.code === 'NXDOMAIN') return answer;
    failed ??= answer;
  }
  return failed;
}

/** The servers of /etc/resolv.conf. */
export function nameServers(context: ResolvingContext): readonly string[] {
  return readSettings(context).servers;
}

function readSettings({ files }: ResolvingContext): ResolverSettings {
  const node = files.find('/etc/resolv.conf');
  const text = node?.kind === 'file' ? Buffer.from(node.content).toString('utf8') : '';
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const servers = lines.flatMap(([key, value]) => (key === 'nameserver' && value !== undefined ? [value] : []));
  const [, ...searches] = lines.findLast(([key]) => key === 'search' || key === 'domain') ?? [];
  const options = lines.flatMap(([key, ...values]) => (key === 'options' ? values : []));
  const dots = Number(options.findLast((option) => option.startsWith('ndots:'))?.slice('ndots:'.length) ?? 1) || 0;
  return { servers: servers.slice(0, mostServers), searches, dots: Math.min(dots, mostDots) };
}
