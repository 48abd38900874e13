import type { DnsAnswer } from '../../apimachinery/dns-message.ts';
import { type CorefileDirective, CorefileError, type ServerBlock } from './corefile.ts';
import { type RewriteRule, rewriteRule } from './rewrite-rules.ts';
import {
  forwardPlugin,
  hostsPlugin,
  kubernetesPlugin,
  type NameHandler,
  type NamePlugin,
  type PluginPlace,
} from './name-plugins.ts';

/** One server of the configuration, for one zone on one port. */
export interface NameServer {
  readonly zone: string;
  readonly port: number;
  /** In the order in which they are asked. */
  readonly handlers: readonly NameHandler[];
  /** What is asked instead of some questions. */
  readonly rules: readonly RewriteRule[];
  /** Each question is logged. */
  readonly logs: boolean;
  /** The configuration is read again from time to time. */
  readonly reloads: boolean;
  /** Where something else is served: `health`, `ready` and `prometheus`, by the port. */
  readonly sidePorts: ReadonlyMap<string, number>;
}

/** Plugins that answer, in the order in which CoreDNS has them, whatever that of the Corefile is. */
const answering: Readonly<Record<string, NamePlugin>> = {
  hosts: hostsPlugin,
  kubernetes: kubernetesPlugin,
  forward: forwardPlugin,
  whoami: () => whoami,
};

/** Where these serve when they do not say. */
const sidePorts: Readonly<Record<string, number>> = { health: 8080, ready: 8181, prometheus: 9153 };

/** Plugins that change nothing of what is answered here: nothing is cached, and nobody is asked in vain. */
const silent = new Set([
  'bufsize',
  'cache',
  'cancel',
  'errors',
  'loadbalance',
  'log',
  'loop',
  'metadata',
  'minimal',
  'nsid',
  'reload',
]);

/** Real ones beside these, which a Corefile may have in a real CoreDNS. */
const missing = new Set(
  (
    'acl any auto autopath azure bind chaos clouddns debug dns64 dnssec dnstap erratic etcd file geoip grpc header ' +
    'import k8s_external local multisocket nomad on pprof quic root route53 secondary sign template timeouts ' +
    'tls trace transfer tsig view'
  ).split(' '),
);

/** Makes the servers of a configuration. @throws CorefileError for plugins that are not there */
export async function buildServers(
  blocks: readonly ServerBlock[],
  place: Omit<PluginPlace, 'zones' | 'port'>,
): Promise<readonly NameServer[]> {
  const servers: NameServer[] = [];
  for (const { zones, directives } of blocks) {
    for (const directive of directives) check(directive, place.file);
    const port = zones[0]?.port ?? 53;
    const own = { ...place, zones: zones.map(({ zone }) => zone), port };
    const handlers: NameHandler[] = [];
    for (const [name, plugin] of Object.entries(answering)) {
      for (const directive of directives) if (directive.name === name) handlers.push(await plugin(directive, own));
    }
    const has = (name: string): boolean => directives.some((directive) => directive.name === name);
    const sides = directives.flatMap(({ name, args }): [string, number][] => {
      const usual = sidePorts[name];
      return usual === undefined ? [] : [[name, Number(/:(\d+)$/.exec(args[0] ?? '')?.[1] ?? usual)]];
    });
    const rules = directives
      .filter(({ name }) => name === 'rewrite')
      .map((directive) => rewriteRule(directive, place.file));
    const shared = { handlers, rules, logs: has('log'), reloads: has('reload'), sidePorts: new Map(sides) };
    for (const zone of zones) {
      if (servers.some((server) => server.zone === zone.zone && server.port === zone.port)) {
        throw new Error(`cannot serve dns://${zone.zone}:${zone.port} - it is already defined`);
      }
      servers.push({ ...zone, ...shared });
    }
  }
  return servers;
}

function check({ name, line }: CorefileDirective, file: string): void {
  if (Object.hasOwn(answering, name) || Object.hasOwn(sidePorts, name) || silent.has(name) || name === 'rewrite')
    return;
  throw new CorefileError(
    file,
    line,
    missing.has(name) ? `this simulated CoreDNS has no plugin ${name}` : `Unknown directive '${name}'`,
  );
}

/** Who asks is told nothing here but that he was heard. */
async function whoami(): Promise<DnsAnswer> {
  return { code: 'NOERROR', records: [], isAuthoritative: true };
}
