import type { RequestListener } from 'node:http';
import { metricHeader, metricLabelText } from '../../apimachinery/prometheus-text.ts';
import type { ProcessContext } from '../../node/cri/simulation/process-context.ts';
import type { NameServer } from './name-servers.ts';

export interface SidePortOptions {
  /** The plugins that are not ready yet. */
  readonly unready: () => readonly string[];
  /** How often was asked, by the labels. */
  readonly counts: ReadonlyMap<string, number>;
  readonly version: string;
}

/** Serves what the plugins `health`, `ready` and `prometheus` say. @returns what ends it */
export function openSidePorts(
  { listen }: ProcessContext,
  servers: readonly NameServer[],
  options: SidePortOptions,
): () => void {
  const ports = new Map(servers.flatMap(({ sidePorts }) => [...sidePorts]));
  const pages: Readonly<Record<string, readonly [path: string, answer: () => Page]>> = {
    health: ['/health', () => ({ status: 200, text: 'OK' })],
    ready: ['/ready', () => readiness(options.unready())],
    prometheus: ['/metrics', () => ({ status: 200, text: metrics(options) })],
  };
  const closers = [...ports].flatMap(([name, port]) => {
    const page = pages[name];
    return page === undefined ? [] : [listen(port, serve(...page))];
  });
  return () => {
    for (const close of closers) close();
  };
}

interface Page {
  readonly status: number;
  readonly text: string;
}

function readiness(unready: readonly string[]): Page {
  return unready.length === 0 ? { status: 200, text: 'OK' } : { status: 503, text: unready.join(',') };
}

function serve(path: string, answer: () => Page): RequestListener {
  return (request, response) => {
    request.resume();
    const isPage = (request.url ?? '').split('?')[0] === path;
    const { status, text } = isPage ? answer() : { status: 404, text: '404 page not found\n' };
    response.statusCode = status;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(text);
  };
}

function metrics({ counts, version }: SidePortOptions): string {
  const build = "A metric with a constant '1' value labeled by version from which CoreDNS was built.";
  const requests = 'Counter of DNS requests made per zone, protocol and kind of record.';
  return [
    ...metricHeader('coredns_build_info', 'gauge', build),
    `coredns_build_info{${metricLabelText('version', version)}} 1`,
    ...metricHeader('coredns_dns_requests_total', 'counter', requests),
    ...[...counts].map(([labels, count]) => `coredns_dns_requests_total{${labels}} ${count}`),
    '',
  ].join('\n');
}
