import { isIP } from 'node:net';
import type { DnsAnswer, DnsQuestion } from '../../apimachinery/dns-message.ts';
import type { DnsRecord } from '../../apimachinery/dns-record.ts';
import { reverseName } from '../../apimachinery/reverse-name.ts';
import { askServers, nameServers } from '../../node/cri/simulation/name-resolver.ts';
import type { ProcessContext } from '../../node/cri/simulation/process-context.ts';
import type { ClusterDns } from '../../node/proxy/cluster-dns.ts';
import { type CorefileDirective, CorefileError, isInZone, wholeZone } from './corefile.ts';

/** Answers a question about a name in lower case, or leaves it (undefined) to the next plugin. */
export type NameHandler = (question: DnsQuestion) => Promise<DnsAnswer | undefined>;

/** What plugins are made with. */
export interface PluginPlace {
  readonly context: Pick<ProcessContext, 'files' | 'podIp' | 'random' | 'sendDatagram'>;
  /** Where the configuration is. */
  readonly file: string;
  /** The zones of the server that the plugin is in. */
  readonly zones: readonly string[];
  readonly port: number;
  /** The names of the cluster. @throws Error outside of a cluster */
  readonly cluster: () => Promise<ClusterDns>;
}

/** Makes a handler of what is written. @throws CorefileError */
export type NamePlugin = (directive: CorefileDirective, place: PluginPlace) => Promise<NameHandler> | NameHandler;

const hostsSeconds = 3600;
const clusterSeconds = 5;
/** The same question may be on its way so often: a circle of servers ends here. */
const mostForwards = 100;

/** The zones that a plugin lets go on to the next when it has nothing; undefined for none. */
function fallthroughOf({ lines }: CorefileDirective): readonly string[] | undefined {
  const line = lines.find(([word]) => word === 'fallthrough');
  if (line === undefined) return undefined;
  return line.length === 1 ? ['.'] : line.slice(1).map(wholeZone);
}

function secondsOf(directive: CorefileDirective, usual: number, { file }: PluginPlace): number {
  const line = directive.lines.find(([word]) => word === 'ttl');
  if (line === undefined) return usual;
  const seconds = Number(line[1]);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= 65_535) return seconds;
  throw new CorefileError(file, directive.line, `plugin/${directive.name}: ttl provided is invalid`);
}

/** `hosts [FILE [ZONES…]] { ADDRESS NAMES… … }`: names as /etc/hosts has them. */
export const hostsPlugin: NamePlugin = (directive, place) => {
  const [path = '/etc/hosts', ...zones] = directive.args;
  const own = zones.length > 0 ? zones.map(wholeZone) : place.zones;
  const seconds = secondsOf(directive, hostsSeconds, place);
  const fallthrough = fallthroughOf(directive);
  const isReversed = !directive.lines.some(([word]) => word === 'no_reverse');
  const inline = directive.lines.filter(([word = '']) => isIP(word) > 0);
  const entries = (): readonly (readonly string[])[] => {
    const node = place.context.files.find(path);
    const text = node?.kind === 'file' ? Buffer.from(node.content).toString('utf8') : '';
    const lines = text.split('\n').map((line) => (line.split('#')[0] ?? '').trim().split(/\s+/));
    return [...inline, ...lines.filter(([word = '']) => isIP(word) > 0)];
  };
  return async ({ name, type }) => {
    if (!own.some((zone) => isInZone(name, zone))) return undefined;
    if (type === 'PTR') {
      const found = isReversed ? entries().find(([address = '']) => reverseName(address) === name) : undefined;
      const records = (found ?? []).slice(1).map((host): DnsRecord => ({ name, type, data: wholeZone(host), seconds }));
      return records.length === 0 ? undefined : { code: 'NOERROR', records, isAuthoritative: true };
    }
    const named = entries().filter(([, ...names]) => names.some((host) => wholeZone(host) === name));
    const records = named.flatMap(([address = '']): DnsRecord[] =>
      (type === 'A' && isIP(address) === 4) || (type === 'AAAA' && isIP(address) === 6)
        ? [{ name, type, data: address, seconds }]
        : [],
    );
    if (named.length > 0) return { code: 'NOERROR', records, isAuthoritative: true };
    if (fallthrough?.some((zone) => isInZone(name, zone)) === true) return undefined;
    return { code: 'SERVFAIL', records: [] };
  };
};

/** `kubernetes [ZONES…]`: the names of services and pods, by the API server's word. */
export const kubernetesPlugin: NamePlugin = async (directive, place) => {
  const zones = directive.args.length > 0 ? directive.args.map(wholeZone) : place.zones;
  const seconds = secondsOf(directive, clusterSeconds, place);
  const fallthrough = fallthroughOf(directive);
  const others = zones.filter((zone) => !zone.endsWith('.arpa.') && zone !== 'cluster.local.');
  if (others.length > 0) {
    const problem = `plugin/kubernetes: the domain of this cluster is cluster.local, not ${others.join(', ')}`;
    throw new CorefileError(place.file, directive.line, problem);
  }
  const hasPods = directive.lines.some(([word, mode]) => word === 'pods' && mode === 'insecure');
  const cluster = await place.cluster();
  return async (question) => {
    const { name, type } = question;
    if (!zones.some((zone) => isInZone(name, zone))) return undefined;
    const answer = hasPods ? (podAnswer(question) ?? cluster.answer(question)) : cluster.answer(question);
    if (answer.code === 'NXDOMAIN' && fallthrough?.some((zone) => isInZone(name, zone)) === true) return undefined;
    const records = answer.records.map((record) => ({ ...record, seconds }));
    return { code: answer.code, records: type === undefined ? [] : records, isAuthoritative: true };
  };
};

/** `1-2-3-4.namespace.pod.cluster.local` is the address that it says. */
function podAnswer({ name, type }: DnsQuestion): DnsAnswer | undefined {
  const [, dashed] = /^(\d+-\d+-\d+-\d+)\.[^.]+\.pod\.cluster\.local\.$/.exec(name) ?? [];
  const data = dashed?.replaceAll('-', '.') ?? '';
  if (isIP(data) !== 4) return undefined;
  return { code: 'NOERROR', records: type === 'A' ? [{ name, type, data }] : [] };
}

/** `forward FROM TO…`: what other name servers say. */
export const forwardPlugin: NamePlugin = (directive, place) => {
  const { context, file, port } = place;
  const [from, ...targets] = directive.args;
  const fail = (problem: string): CorefileError =>
    new CorefileError(file, directive.line, `plugin/forward: ${problem}`);
  if (from === undefined || targets.length === 0) throw fail('Wrong argument count or unexpected line ending');
  const zone = wholeZone(from);
  const except = directive.lines.flatMap(([word, ...zones]) => (word === 'except' ? zones.map(wholeZone) : []));
  const servers = targets.flatMap((target) => {
    if (target.startsWith('/')) return nameServers(context).map((address) => ({ address, port: 53 }));
    const [, scheme = 'dns', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(target) ?? [];
    if (scheme !== 'dns') throw fail(`${scheme}:// is not there in this simulated CoreDNS, which speaks plain DNS`);
    const [, address = '', own] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(isIP(rest) === 6 ? `[${rest}]` : rest) ?? [];
    if (isIP(address) === 0) throw fail(`not an IP address or file: ${JSON.stringify(target)}`);
    return [{ address, port: own === undefined ? 53 : Number(own) }];
  });
  // A pod's own address leads to this very server, which asks nobody then.
  const usable = servers.filter(
    (server) => server.port !== port || !(server.address.startsWith('127.') || server.address === context.podIp),
  );
  const underway = new Map<string, number>();
  return async ({ name, type = 'A' }) => {
    if (!isInZone(name, zone) || except.some((other) => isInZone(name, other))) return undefined;
    const key = `${name} ${type}`;
    if ((underway.get(key) ?? 0) >= mostForwards) return { code: 'SERVFAIL', records: [] };
    count(underway, key, 1);
    try {
      for (const server of usable) {
        const answer = await askServers(context, [server.address], name, type, server.port);
        if (answer !== undefined) return answer;
      }
      return { code: 'SERVFAIL', records: [] };
    } finally {
      count(underway, key, -1);
    }
  };
};

/** Changes how many there are of a key; it is forgotten when there are none left. */
function count(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const left = (counts.get(key) ?? 0) + change;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
