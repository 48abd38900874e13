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

/** An answer, and whose it is. */
export interface ServerAnswer extends DnsAnswer {
  readonly server: string;
  readonly port: number;
  readonly id: number;
  /** The bytes of the message. */
  readonly size: number;
  /** The name that was asked for, with a dot at its end. */
  readonly name: string;
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
  return (await searchName(context, name, type))?.records ?? [];
}

/** The first answer with records for a name of the search list, or the last of those without; undefined when nobody answers. */
export async function searchName(
  context: ResolvingContext,
  name: string,
  type: DnsType,
): Promise<ServerAnswer | undefined> {
  const { servers, searches, dots } = readSettings(context);
  const bare = name.replace(/\.$/, '');
  const searched = searches.map((domain) => `${bare}.${domain.replace(/\.$/, '')}`);
  const isWhole = bare.split('.').length > dots;
  const names = name.endsWith('.') ? [bare] : isWhole ? [bare, ...searched] : [...searched, bare];
  let last: ServerAnswer | undefined;
  for (const candidate of names) {
    const answer = await askServers(context, servers, candidate, type);
    if (answer !== undefined && answer.records.length > 0) return answer;
    last = answer ?? last;
  }
  return last;
}

/** Asks one name server after the other for the records of one name. @returns the first answer that is not about its own trouble */
export async function askServers(
  { random, sendDatagram }: ResolvingContext,
  servers: readonly string[],
  name: string,
  type: DnsType,
  port = dnsPort,
): Promise<ServerAnswer | undefined> {
  let failed: ServerAnswer | undefined;
  const whole = `${name.replace(/\.$/, '')}.`;
  for (const server of servers) {
    const id = Math.floor(random() * 0x1_00_00);
    let query;
    try {
      query = encodeDnsQuery(id, { name: whole, type });
    } catch {
      // What cannot be asked is nobody's name.
      return { code: 'NXDOMAIN', records: [], server, port, id, size: 0, name: whole };
    }
    const bytes = await sendDatagram(server, port, query).catch(() => undefined);
    const decoded = bytes === undefined ? undefined : decodeDnsAnswer(bytes, id);
    if (bytes === undefined || decoded === undefined) continue;
    const answer = { ...decoded, server, port, id, size: bytes.length, name: whole };
    if (answer.code === 'NOERROR' || answer.code === 'NXDOMAIN') return answer;
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
